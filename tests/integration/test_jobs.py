"""Jobs of a real server: imported while it runs, across restarts, and at its end."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.servers.waiting import wait_for
from tests.servers.zato_server import ZatoServer

SERVICES = """
    import json, os, time
    from pathlib import Path
    from zato.server.service import Service

    class Note(Service):
        def handle(self):
            directory, _, note = self.request.payload.partition(' ')
            seen = {'note': note, 'cid': self.cid, 'type': self.job_type, 'pid': os.getpid()}
            with (Path(directory) / 'runs').open('a') as runs:
                runs.write(json.dumps(seen) + '\\n')

    class Wait(Note):
        def handle(self):
            directory = Path(self.request.payload)
            (directory / 'began').touch()
            while not (directory / 'go').exists():
                time.sleep(0.01)
            (directory / 'ended').touch()

    class Fail(Service):
        def handle(self):
            raise ValueError('no such order')
"""


class Notes:
    """What the service noted."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def all(self) -> list[dict[str, Any]]:
        path = self.directory / "runs"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait(self, count: int, note: str = "") -> list[dict[str, Any]]:
        """Wait for `count` more runs with a note."""
        wanted = count + len(self._of(note))
        return (
            wait_for(lambda: len(found := self._of(note)) >= wanted and found, f"{count} more runs `{note}`", 20) or []
        )

    def _of(self, note: str) -> list[dict[str, Any]]:
        return [seen for seen in self.all if seen["note"] == note]


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


@pytest.fixture
def server(zato_server: ZatoServer) -> ZatoServer:
    zato_server.settings("[main]\nbind = 127.0.0.1:0\n")
    zato_server.deploy(SERVICES)
    return zato_server


def every_second(directory: Path, note: str = "", **fields: Any) -> str:
    job = {"name": "j", "service": "tested.note", "job_type": "interval_based", "seconds": 1, **fields}
    return json.dumps({"scheduler": [{**job, "extra": f"{directory} {note}"}]})


def test_a_job_runs_changes_and_goes_while_the_server_runs(server: ZatoServer, notes: Notes) -> None:
    server.start()

    assert server.enmasse(every_second(notes.directory)).returncode == 0
    runs = notes.wait(3)
    assert {run["type"] for run in runs} == {"interval_based"}
    assert len({run["cid"] for run in runs}) == len(runs)

    assert server.enmasse(every_second(notes.directory, "changed")).returncode == 0
    notes.wait(2, "changed")

    assert server.enmasse(every_second(notes.directory, "still", is_active=False)).returncode == 0
    before = len(notes.all)
    assert server.enmasse(every_second(notes.directory, "other", name="k")).returncode == 0
    notes.wait(3, "other")
    assert [run["note"] for run in notes.all[before:]] == ["other"] * (len(notes.all) - before)
    assert server.stop() == 0


@pytest.mark.parametrize("how", ["stop", "kill9"])
def test_jobs_survive_a_restart(server: ZatoServer, notes: Notes, how: str) -> None:
    # Given
    once = {"name": "once", "service": "tested.note", "job_type": "one_time", "extra": f"{notes.directory} once"}
    server.enmasse(json.dumps({"scheduler": [once]}))
    server.enmasse(every_second(notes.directory))
    server.start()
    notes.wait(2)

    # When
    getattr(server, how)()
    server.start()

    # Then
    pid = notes.wait(2)[-1]["pid"]
    assert pid != notes.all[0]["pid"]
    assert len([seen for seen in notes.all if seen["note"] == "once"]) == 1
    assert len({seen["cid"] for seen in notes.all}) == len(notes.all)


def test_a_server_that_is_stopped_lets_its_jobs_end(server: ZatoServer, tmp_path: Path) -> None:
    # Given
    job = {"name": "j", "service": "tested.wait", "job_type": "one_time", "extra": str(tmp_path)}
    server.enmasse(json.dumps({"scheduler": [job]}))
    server.start()
    wait_for((tmp_path / "began").exists, "the job runs")

    # When
    server.signal(signal.SIGTERM)
    (tmp_path / "go").touch()

    # Then
    assert server.wait() == 0
    assert (tmp_path / "ended").exists()


def test_a_server_does_not_wait_for_a_job_for_ever(server: ZatoServer, tmp_path: Path) -> None:
    # Given
    server.settings("[main]\nbind = 127.0.0.1:0\ndrain = 0.5\n")
    job = {"name": "My job", "service": "tested.wait", "job_type": "one_time", "extra": str(tmp_path)}
    server.enmasse(json.dumps({"scheduler": [job]}))
    server.start()
    wait_for((tmp_path / "began").exists, "the job runs")

    # When
    server.signal(signal.SIGTERM)

    # Then
    assert server.wait() == 0
    assert "The server stops while job `My job` still runs (CID:" in server.log


def test_failures_are_logged_and_the_job_goes_on(server: ZatoServer, notes: Notes) -> None:
    server.start()
    server.enmasse(every_second(notes.directory, service="tested.fail", on_error_service="tested.missing"))
    wait_for(lambda: server.log.count("ValueError: no such order") >= 2, "the job fails twice")
    assert "ERROR - Job `j` failed in tested.fail (CID:" in server.log
    assert "no service `tested.missing` is deployed" in server.log
