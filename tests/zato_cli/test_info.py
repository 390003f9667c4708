from __future__ import annotations

import json
import os
import socket
from typing import Any

import zato
from tests.servers.zato_server import ZatoServer


def told(server: ZatoServer) -> dict[str, Any]:
    done = server.zato("info", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer.pop("format_version") == 1
    return answer


def test_a_running_server_tells_of_itself(zato_server: ZatoServer) -> None:
    # Given
    zato_server.deploy("from zato.server.service import Service\nclass Mine(Service): pass\n")
    broken = zato_server.deploy("class :\n", "broken.py")
    wrong = zato_server.user_conf("wrong.conf", "[a\n")
    zato_server.enmasse("security: [{name: k, type: apikey, password: p}]")
    zato_server.start()
    assert zato_server.process is not None

    # When
    answer = told(zato_server)

    # Then
    assert 0 < answer.pop("uptime_seconds") < 60
    (problem,) = answer.pop("service_problems")
    assert problem.startswith(f"{broken}:1:")
    (problem,) = answer.pop("user_config_problems")
    assert problem.startswith(f"{wrong}:1:")
    worker = {"server": "server1", "host": socket.gethostname(), "pid": zato_server.process.pid, "serving": 1}
    assert answer == {
        "server": "server1",
        "directory": str(zato_server.path),
        "running": True,
        "version": zato.__version__,
        "address": zato_server.address,
        "pid": zato_server.process.pid,
        "revision": 1,
        "objects": 1,
        "services": ["tested.mine"],
        "connections": 0,
        "in_flight": 0,
        "queued": 0,
        "shed": 0,
        "timed_out": 0,
        "current_revision": 1,
        "workers": [worker],
    }


def test_a_server_that_does_not_run_is_told_of_too(zato_server: ZatoServer) -> None:
    assert told(zato_server) == {
        "server": "server1",
        "directory": str(zato_server.path),
        "running": False,
        "current_revision": 0,
        "workers": [],
    }


def test_people_get_two_columns(zato_server: ZatoServer) -> None:
    # Given
    for name in ("a", "b"):
        zato_server.deploy("from zato.server.service import Service\nclass Mine(Service): pass\n", f"{name}.py")
    zato_server.start()

    # When
    done = zato_server.zato("info")

    # Then
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "server                server1",
        f"directory             {zato_server.path}",
        "running               yes",
    ]
    assert "services              a.mine\n                      b.mine\n" in done.stdout
    assert "service problems      -\n" in done.stdout


def test_an_odb_that_cannot_be_used_hides_nothing_else(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start()
    (zato_server.path / "odb.db").rename(zato_server.path / "gone.db")

    # When
    answer = told(zato_server)

    # Then
    assert answer["running"]
    assert answer["odb_problem"] == f"there is no ODB at {zato_server.path}/odb.db"


def test_a_server_that_is_about_to_end_runs(zato_server: ZatoServer) -> None:
    # Given
    from zato.server.pidfile import Pidfile

    pidfile = Pidfile(zato_server.layout.pidfile)

    # When
    answer = told(zato_server)

    # Then
    assert (answer["running"], answer["pid"], answer["answers"]) == (True, os.getpid(), False)
    pidfile.release()
