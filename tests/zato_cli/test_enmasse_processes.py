"""`zato enmasse` as a process of its own: on a terminal, in a pipe that ends, without space, together."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers.waiting import wait_for
from tests.servers.zato_server import PROGRAM, environment, zato
from tests.zato_cli.terminal import on_terminal
from zato.config.snapshot import Snapshot
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server.directory import ServerDirectory

WRONG = """\
def_amqp:
  - name: Broker
    host: localhost
    password: s3cret
    prot: 5672
"""
GREEN, RED, YELLOW, CYAN, RESET = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[0m"


@pytest.fixture
def server(tmp_path: Path) -> ServerDirectory:
    return ServerDirectory.create(tmp_path / "server1")


def opened(server: ServerDirectory) -> ODB:
    return ODB(server.path / "odb.db", Secrets(server.key_file))


def loaded(server: ServerDirectory) -> Snapshot:
    with closing(opened(server)) as odb:
        return odb.load()


def write_objects(path: Path, count: int, host: str) -> None:
    """A file of many objects that all have a secret and a host."""
    lines = (f"  - {{name: Broker {n}, host: {host}, password: s3cret}}\n" for n in range(count))
    path.write_text("def_amqp:\n" + "".join(lines))


# On a terminal


def test_problems_are_shown_with_their_lines_and_in_colours(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(WRONG)
    assert on_terminal("enmasse", "--validate", "--input", "c.yaml", cwd=tmp_path) == (
        1,
        (
            f"{RED}c.yaml:5:5: def_amqp/Broker/prot: unknown field `prot` (did you mean `port`?){RESET}\n"
            f"{CYAN}        prot: 5672{RESET}\n"
            f"{CYAN}        ^{RESET}\n"
            f"{RED}1 error{RESET}\n"
        ),
    )


def test_a_file_that_cannot_be_read_is_shown_where_reading_ends(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("def_amqp: []\nx: {a: 1\ny: 2\n")
    code, printed = on_terminal("enmasse", "--validate", "--input", "c.yaml", cwd=tmp_path)
    assert code == 1
    assert f"{CYAN}    y: 2{RESET}\n" in printed


def test_a_plan_has_colours(tmp_path: Path, server: ServerDirectory) -> None:
    (tmp_path / "c.yaml").write_text("def_amqp: [{name: Broker, host: h, password: s3cret}]")
    assert on_terminal("enmasse", "server1", "--plan", "--input", "c.yaml", cwd=tmp_path) == (
        2,
        (
            f"{GREEN}+ def_amqp `Broker`{RESET}\n{CYAN}    no effect on traffic{RESET}\n"
            "1 to create, 0 to update, 0 to delete, 0 unchanged\n"
        ),
    )


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_turned_off(tmp_path: Path, variable: dict[str, str]) -> None:
    (tmp_path / "c.yaml").write_text(WRONG)
    code, printed = on_terminal("enmasse", "--validate", "--input", "c.yaml", cwd=tmp_path, env=variable)
    assert code == 1
    assert "\x1b" not in printed
    assert "        prot: 5672\n        ^\n" in printed


def test_what_a_file_holds_does_not_steer_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text('"\\e[2J\\e]0;x\\a": []\n"a\u202e": []\n')
    code, printed = on_terminal("enmasse", "--validate", "--input", "c.yaml", cwd=tmp_path, env={"NO_COLOR": "1"})
    assert code == 1
    assert "unknown section `\\x1b[2J\\x1b]0;x\\x07`" in printed
    assert "\u202e" not in printed
    assert "\x1b" not in printed


def test_a_pipe_gets_no_escape_codes(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(WRONG)
    done = zato("enmasse", "--validate", "--input", "c.yaml", cwd=tmp_path, env={"TERM": "xterm-256color"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "c.yaml:5:5: def_amqp/Broker/prot: unknown field `prot` (did you mean `port`?)\n1 error\n"


# Pipes


def test_standard_input_is_a_file(tmp_path: Path) -> None:
    done = zato("enmasse", "--validate", "--input", "-", cwd=tmp_path, text=WRONG)
    assert done.stderr.startswith("<stdin>:5:5: def_amqp/Broker/prot: unknown field `prot`")


def test_a_reader_that_has_read_enough_is_no_reason_for_a_traceback(tmp_path: Path) -> None:
    write_objects(tmp_path / "c.yaml", 5000, "h")
    script = f"{PROGRAM} enmasse --merge --input c.yaml --output - | head -n 1"
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "def_amqp:\n"
    assert done.stderr == "" or done.stderr.startswith("5000 variables have to be set for it to be read: ")


def test_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    write_objects(tmp_path / "c.yaml", 1000, "h")
    with Path("/dev/full").open("w") as full:
        command = [str(PROGRAM), "enmasse", "--merge", "--input", "c.yaml", "--output", "-"]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "Error: No space left on device\n")


def test_other_locales_get_utf_8(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("Zażółć: []\n")
    done = zato("enmasse", "--validate", "--input", "c.yaml", cwd=tmp_path, env={"LC_ALL": "C", "LANG": "C"})
    assert done.stderr.startswith("c.yaml:1:1: unknown section `Zażółć`")


# What can go wrong while an import writes


def test_a_second_import_waits_for_the_first(tmp_path: Path, server: ServerDirectory) -> None:
    write_objects(tmp_path / "a.yaml", 1, "a")
    with closing(opened(server)) as odb:
        with odb.importing():
            command = [str(PROGRAM), "enmasse", "server1", "--import", "--input", "a.yaml"]
            second = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True)
            lock = os.path.realpath(server.path / "odb.db.lock")
            wait_for(lambda: lock in _open_files(second.pid), "the second import comes to the lock")
            assert second.poll() is None
        printed, _ = second.communicate(timeout=30)
    assert (second.returncode, printed.splitlines()[-1][:10]) == (0, "Revision 1")


def _open_files(pid: int) -> set[str]:
    try:
        return {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    except FileNotFoundError:
        return set()


def _no_space(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails, as on a disk that is full
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_without_space_the_odb_stays_as_it_was(tmp_path: Path, server: ServerDirectory) -> None:
    write_objects(tmp_path / "a.yaml", 10, "a")
    assert zato("enmasse", "server1", "--import", "--input", "a.yaml", cwd=tmp_path).returncode == 0
    before = loaded(server)
    write_objects(tmp_path / "b.yaml", 3000, "b")
    size = (server.path / "odb.db").stat().st_size + 65536
    command = [str(PROGRAM), "enmasse", "server1", "--import", "--replace", "--input", "b.yaml"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment({"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}),
        capture_output=True,
        text=True,
        preexec_fn=lambda: _no_space(size),
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: the ODB {server.path}/odb.db cannot be used: ")
    assert loaded(server) == before
    assert zato("enmasse", "server1", "--import", "--replace", "--input", "b.yaml", cwd=tmp_path).returncode == 0
    assert len(loaded(server)) == 3000


def test_an_import_that_is_interrupted_says_so(tmp_path: Path, server: ServerDirectory) -> None:
    write_objects(tmp_path / "a.yaml", 1, "a")
    with closing(opened(server)) as odb, odb.importing():
        command = [str(PROGRAM), "enmasse", "server1", "--import", "--input", "a.yaml"]
        waiting = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True)
        lock = os.path.realpath(server.path / "odb.db.lock")
        wait_for(lambda: lock in _open_files(waiting.pid), "the import comes to the lock")
        waiting.send_signal(signal.SIGINT)
        _, printed = waiting.communicate(timeout=30)
    assert (waiting.returncode, printed) == (130, "\nInterrupted\n")
    assert len(loaded(server)) == 0
