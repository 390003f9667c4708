from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import processes
from tests.servers.waiting import wait_for
from tests.servers.zato_server import PROGRAM, Done, ZatoServer, environment, zato
from zato.odb.secrets import LOST_KEY
from zato.server.pidfile import running_pid

PING = "/zato/ping"


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def refused(done: Done, message: str) -> None:
    """The start failed, and said this and nothing else."""
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {message}\n")


def test_a_server_starts_in_the_background(zato_server: ZatoServer) -> None:
    # When
    done = zato_server.start_in_background()

    # Then
    pid = zato_server.layout.pidfile.read_text().strip()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"server1 started, process ID {pid}, {zato_server.address}\n"
    assert zato_server.call(PING).status_code == 200
    assert os.getsid(int(pid)) == int(pid)  # closing the terminal does not end it


def test_the_directory_is_found_from_inside_it(zato_server: ZatoServer) -> None:
    # When
    done = zato("start", cwd=zato_server.path / "config")

    # Then
    assert done.returncode == 0
    assert zato_server.info()["running"]


def test_files_in_the_server_directory_are_not_taken_for_python_modules(zato_server: ZatoServer) -> None:
    # Given
    (zato_server.path / "logging.py").write_text("raise SystemExit('shadowed')")

    # Then
    assert zato_server.start_in_background().returncode == 0


def test_in_the_foreground_ctrl_c_stops_it(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start()

    # When
    assert zato_server.process is not None
    processes.send(zato_server.process, signal.SIGINT)

    # Then
    assert zato_server.wait() == 0
    printed = zato_server.printed.read_text()
    assert f"server1 listens on {zato_server.address}; Ctrl-C stops it\n" in printed
    assert printed.endswith(" - INFO - server1 stopped\n")
    assert not zato_server.layout.pidfile.exists()


def test_ctrl_c_ends_a_start_that_waits_for_its_server(zato_server: ZatoServer, tmp_path: Path) -> None:
    # Given
    begun = tmp_path / "begun"
    zato_server.deploy(f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)\nclass A: pass\n")
    process = processes.start(
        [str(PROGRAM), "start", str(zato_server.path)],
        log=zato_server.printed,
        env=environment(),
    )
    wait_for(begun.exists, "the server begins")

    # When
    process.send_signal(signal.SIGINT)

    # Then
    assert process.wait(10) == 130
    assert zato_server.printed.read_text().strip() == "Interrupted"
    wait_for(lambda: running_pid(zato_server.layout.pidfile) is None, "the server is gone")
    processes.kill(process)


def test_ctrl_c_ends_a_start_in_the_foreground_that_imports_services(zato_server: ZatoServer, tmp_path: Path) -> None:
    # Given
    begun = tmp_path / "begun"
    zato_server.deploy(f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)\nclass A: pass\n")
    command = [str(PROGRAM), "start", str(zato_server.path), "--fg"]
    process = processes.start(command, log=zato_server.printed, env=environment())
    wait_for(begun.exists, "the server begins")

    # When
    process.send_signal(signal.SIGINT)

    # Then
    assert process.wait(10) == 130
    assert zato_server.printed.read_text().endswith("\nInterrupted\n")
    assert not zato_server.layout.pidfile.exists()
    processes.kill(process)


def test_a_service_file_cannot_end_a_start(zato_server: ZatoServer) -> None:
    # Given
    file = zato_server.deploy("class A: pass\nraise KeyboardInterrupt('no')\n")

    # When
    zato_server.start()

    # Then
    assert zato_server.info()["service_problems"] == [f"{file}:2:1: KeyboardInterrupt: no"]


def test_a_port_that_is_in_use_is_told(zato_server: ZatoServer, taken_port: int) -> None:
    # When
    done = zato_server.zato("start", "--bind", f"127.0.0.1:{taken_port}")

    # Then
    message = f"the server cannot listen on 127.0.0.1:{taken_port}: Address already in use; choose another with --bind"
    refused(done, message)
    assert not zato_server.layout.pidfile.exists()


def test_a_port_in_use_is_told_in_the_foreground_too(zato_server: ZatoServer, taken_port: int) -> None:
    done = zato_server.zato("start", "--fg", "--bind", f"127.0.0.1:{taken_port}")

    message = f"the server cannot listen on 127.0.0.1:{taken_port}: Address already in use; choose another with --bind"
    refused(done, message)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("17010", "`17010` is no address to listen at; write it as host:port"),
        ("localhost", "`localhost` is no address to listen at; write it as host:port"),
        ("localhost:99999", "`localhost:99999` is no address to listen at; write it as host:port"),
        ("localhost:-1", "`localhost:-1` is no address to listen at; write it as host:port"),
        ("", "`` is no address to listen at; write it as host:port"),
        (
            "192.0.2.1:17010",
            "the server cannot listen on 192.0.2.1:17010: Cannot assign requested address; choose another with --bind",
        ),
        (
            "no.such.host.invalid:17010",
            (
                "the server cannot listen on no.such.host.invalid:17010: Name or service not known; "
                "choose another with --bind"
            ),
        ),
    ],
)
def test_an_address_that_is_none_is_told(zato_server: ZatoServer, address: str, message: str) -> None:
    refused(zato_server.zato("start", "--bind", address), message)


def test_a_second_start_is_refused_and_leaves_the_first_alone(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start()
    assert zato_server.process is not None

    # When
    done = zato_server.zato("start")

    # Then
    path = zato_server.path
    message = f"the server {path} is already running, with process ID {zato_server.process.pid}"
    refused(done, f"{message}; stop it with `zato stop {path}`")
    assert zato_server.call(PING).status_code == 200


def test_what_a_killed_server_leaves_behind_stops_nobody(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start()
    zato_server.kill9()
    assert zato_server.layout.pidfile.exists()
    assert (zato_server.path / "control.sock").exists()

    # When
    zato_server.start()

    # Then
    assert zato_server.call(PING).status_code == 200
    assert zato_server.stop() == 0
    assert sorted(path.name for path in zato_server.path.iterdir()) == [
        ".zato-info", "config", "logs", "odb.db", "pickup",
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["--fg", "background"])
def test_a_mistake_in_server_conf_is_told_at_its_line(zato_server: ZatoServer, how: str) -> None:
    # Given
    zato_server.settings("[http]\nthreads = many\n[mian]\n")

    # When
    done = zato_server.zato("start", *([how] if how == "--fg" else []))

    # Then
    conf = zato_server.layout.config
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{conf}:2:1: http/threads: `many` does not fit: expected `int`, got `str`" in done.stderr
    assert f"{conf}:3:1: unknown section `mian` (did you mean `main`?)" in done.stderr


def test_a_key_file_that_cannot_be_read_is_told(zato_server: ZatoServer) -> None:
    # Given
    zato_server.enmasse("security: [{name: k, type: apikey, password: p}]")
    key = zato_server.layout.key_file
    key.unlink()

    # Then
    refused(zato_server.zato("start"), f"the key file {key} cannot be read: No such file or directory; {LOST_KEY}")


def test_another_key_file_is_told(zato_server: ZatoServer) -> None:
    # Given
    zato_server.enmasse("security: [{name: k, type: apikey, password: p}]")
    key = zato_server.layout.key_file
    key.write_text("GSzP62k9nYw7L1b4sBqE3Jx0vTfUoCmhR8iKdQaXgN4=\n")

    # Then
    message = f"the key in {key} is not the one that the ODB's secrets were encrypted with; put the right key file back"
    refused(zato_server.zato("start"), message)


def test_an_odb_of_a_newer_version_is_told(zato_server: ZatoServer) -> None:
    # Given
    odb = zato_server.path / "odb.db"
    with sqlite3.connect(odb) as connection:
        connection.execute("UPDATE setting SET value = 99 WHERE name = 'format'")
    connection.close()

    # Then
    message = (
        f"the ODB {odb} has format 99 and this version knows formats up to 2; upgrade to the version that wrote it"
    )
    refused(zato_server.zato("start"), message)


def test_a_missing_odb_is_told(zato_server: ZatoServer) -> None:
    (zato_server.path / "odb.db").unlink()

    refused(zato_server.zato("start"), f"there is no ODB at {zato_server.path}/odb.db")


def test_a_directory_that_is_none_of_a_server_is_told(tmp_path: Path) -> None:
    message = f"{tmp_path} is not a server directory: it has no .zato-info; make a server with `zato quickstart create`"
    refused(zato("start", tmp_path), message)
    refused(
        zato("start", tmp_path / "none"),
        f"there is no directory {tmp_path}/none; make a server with `zato quickstart create`",
    )
    refused(
        zato("start", cwd=tmp_path),
        "which server? Neither this directory nor one above it is a server directory; "
        "name one as the argument, or in ZATO_SERVER_DIR",
    )


def test_a_deploy_folder_that_is_not_there_is_told(zato_server: ZatoServer) -> None:
    refused(zato_server.zato("start", "--deploy", "/none"), "--deploy: there is no directory /none")


@pytest.mark.parametrize("how", ["--fg", "background"])
def test_logs_that_cannot_be_written_are_told(zato_server: ZatoServer, how: str) -> None:
    # Given
    logs = zato_server.layout.logs
    logs.rmdir()
    logs.write_text("a file")

    # When
    done = zato_server.zato("start", *([how] if how == "--fg" else []))

    # Then
    name = "server.log" if how == "--fg" else "console.log"
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: the log {logs / name} cannot be written: ")


def test_a_missing_logs_folder_is_made(zato_server: ZatoServer) -> None:
    # Given
    zato_server.layout.logs.rmdir()

    # When
    zato_server.start()

    # Then
    zato_server.logs("serves revision 0")


def test_a_server_that_ends_without_a_word_is_told_with_its_last_words(zato_server: ZatoServer) -> None:
    # Given
    zato_server.deploy("import os, sys\nprint('no licence', file=sys.stderr)\nos._exit(3)\nclass A: pass\n")

    # Then
    console = zato_server.layout.logs / "console.log"
    refused(zato_server.zato("start"), f"the server ended while it was starting: no licence (more in {console})")


def test_services_are_deployed_from_further_folders(zato_server: ZatoServer, tmp_path: Path) -> None:
    # Given
    folder = tmp_path / "project"
    (folder / "user-conf").mkdir(parents=True)
    (folder / "user-conf" / "mine.conf").write_text("[a]\nb = 1\n")
    (folder / "mine.py").write_text("from zato.server.service import Service\nclass Mine(Service): pass\n")

    # When
    zato_server.start("--deploy", str(folder))

    # Then
    assert zato_server.info()["services"] == ["mine.mine"]
    zato_server.logs(f"Read user configuration `mine` from `{folder}/user-conf/mine.conf`")


def test_variables_come_from_a_file(zato_server: ZatoServer, tmp_path: Path) -> None:
    # Given
    file = tmp_path / "env.ini"
    file.write_text("[env]\nGreeting = Hello\n")
    zato_server.deploy(
        """
        import os
        from zato.server.service import Service
        class Greet(Service):
            def handle(self):
                self.response.payload = os.environ["Greeting"]
        """
    )
    zato_server.enmasse("channel_rest: [{name: c, service: tested.greet, url_path: /, data_format: ''}]")

    # When
    assert zato_server.start_in_background("--env-file", str(file)).returncode == 0

    # Then
    assert zato_server.call("/").text == "Hello"


def test_what_is_open_to_all_is_warned_of(zato_server: ZatoServer) -> None:
    # Given
    zato_server.enmasse("channel_rest: [{name: c, service: s, url_path: /}]")
    zato_server.layout.key_file.chmod(0o644)

    # When
    zato_server.start()

    # Then
    zato_server.logs("WARNING - 1 channel has no security: c")
    zato_server.logs(f"WARNING - the key file {zato_server.layout.key_file} is open to others; run `chmod 600`")


def test_one_broken_connection_keeps_nothing_else_from_being_served(zato_server: ZatoServer) -> None:
    # Given
    zato_server.enmasse(
        "outgoing_rest: [{name: CRM, host: 'https://127.0.0.1:1', url_path: /, validate_tls: /none.pem}]"
    )

    # When
    zato_server.start()

    # Then
    zato_server.logs("ERROR - outgoing_rest `CRM` cannot be used")
    zato_server.logs("cannot read the CA bundle of `validate_tls`: /none.pem")

    # When
    done = zato_server.enmasse("security: [{name: k, type: apikey, password: p}]")

    # Then
    assert done.returncode == 0, done.stderr
