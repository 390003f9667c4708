"""A server directory of the test's own, and the real `zato` that works on it: `zato_server`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers import processes
from tests.servers.waiting import wait_for
from zato.errors import NotRunning
from zato.server import control
from zato.server.directory import ServerDirectory
from zato.server.pidfile import running_pid
from zato.server.settings import Main

PROGRAM = Path(sys.executable).with_name("zato")

Done = subprocess.CompletedProcess[str]


def zato(
    *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, text: str | None = None
) -> Done:
    """Run a command to its end, with `text` on its standard input and nothing that is a terminal."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        env=environment(env),
        cwd=cwd,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of a command: ours, but those that tell it where its server is or how to print."""
    kept = {name: value for name, value in os.environ.items() if name not in {"ZATO_SERVER_DIR", "NO_COLOR"}}
    return {**kept, "PATH": f"{PROGRAM.parent}:{kept['PATH']}", **(more or {})}


class ZatoServer:
    """A server directory, and the process that serves it, in the foreground and on a free port."""

    def __init__(self, base: Path, odb: str = Main().odb, key_file: Path | None = None) -> None:
        self.layout = ServerDirectory.create(base / "server1", Main(bind="127.0.0.1:0", odb=odb), key_file)
        self.path = self.layout.path
        self.printed = base / "printed.txt"
        """What the process writes to the terminal."""
        self.process: subprocess.Popen[bytes] | None = None
        self.address = ""

    # Files

    def deploy(self, source: str, file: str = "tested.py") -> Path:
        """Put a service file into the pickup directory, as editors do: in one step."""
        return _put(self.layout.pickup / file, source)

    def user_conf(self, file: str, text: str) -> Path:
        """Put a file into the user-conf directory."""
        return _put(self.layout.user_config[0] / file, text)

    def settings(self, text: str) -> None:
        """Write server.conf."""
        _put(self.layout.config, text)

    @property
    def log(self) -> str:
        """What server.log holds."""
        with suppress(FileNotFoundError):
            return (self.layout.logs / "server.log").read_text()
        return ""

    def logs(self, text: str) -> str:
        """Wait until server.log holds a text; the whole line."""
        return wait_for(lambda: next((line for line in self.log.splitlines() if text in line), ""), f"log: {text}")

    # Commands

    def zato(self, *command: str, env: Mapping[str, str] | None = None) -> Done:
        """Run a command that finds the directory in the environment."""
        return zato(*command, env={"ZATO_SERVER_DIR": str(self.path), **(env or {})})

    def enmasse(self, text: str, *options: str, env: Mapping[str, str] | None = None) -> Done:
        """Import a document, or do with it what the options say."""
        file = _put(self.path.parent / "enmasse.yaml", text)
        action = options or ("--import", "--replace-odb-objects")
        return self.zato("enmasse", *action, "--input", str(file), env=env)

    # The process

    def start_in_background(self, *options: str, env: Mapping[str, str] | None = None) -> Done:
        """Start as a person does; where that works, `call` can follow."""
        done = self.zato("start", *options, env=env)
        if done.returncode == 0:
            self.address = str(self.info()["address"])
        return done

    def start(self, *options: str, env: Mapping[str, str] | None = None) -> None:
        """Start, and wait until it answers."""
        command = [str(PROGRAM), "start", str(self.path), "--fg", *options]
        self.process = processes.start(command, log=self.printed, env=environment(env))
        self.address = wait_for(self._address, "the server answers", 30)

    def _address(self) -> str:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended: {self.printed.read_text()}"
        with suppress(NotRunning):
            return str(self.info()["address"])
        return ""

    def info(self) -> dict[str, Any]:
        """What the running server tells of itself."""
        told: dict[str, Any] = control.call(self.path, "info")
        return told

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to the process."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, timeout: float = 20.0) -> int:
        """Wait for the process to end; its exit code."""
        assert self.process is not None
        code = self.process.wait(timeout)
        processes.kill(self.process)  # what is left of its group
        return code

    def stop(self) -> int:
        """Stop it as a service manager does; its exit code."""
        self.signal()
        return self.wait()

    def kill9(self) -> None:
        """End the process at once, if there is one, also one that runs in the background."""
        if self.process is not None:
            processes.kill(self.process)
        pid = running_pid(self.layout.pidfile)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: running_pid(self.layout.pidfile) is None, "the server is gone")

    def call(self, path: str, body: Any = None, *, method: str = "", **options: Any) -> requests.Response:
        """Call the server: GET, or POST with a body; what is neither text nor bytes is sent as JSON."""
        method = method or ("GET" if body is None else "POST")
        kind = "data" if body is None or isinstance(body, str | bytes) else "json"
        options = {"timeout": 30, **options}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.address + path, **{kind: body}, **options)


def _put(path: Path, text: str) -> Path:
    beside = path.with_name(f".{path.name}")
    beside.write_text(textwrap.dedent(text))
    return beside.replace(path)


@pytest.fixture
def zato_server(tmp_path: Path) -> Iterator[ZatoServer]:
    """A server that is ready to start and has no objects and no services."""
    server = ZatoServer(tmp_path)
    try:
        yield server
    finally:
        server.kill9()
