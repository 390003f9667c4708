"""The control socket: how commands reach a running server, without knowing its HTTP address.

It is a Unix socket in the server's directory that only the server's user can open. Each connection carries one request
and one answer, each a JSON document on a line.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from zato.errors import NotRunning, ZatoError

NAME = "control.sock"
MAX_REQUEST = 16 * 1024 * 1024

logger = logging.getLogger("zato.control")

Command = Callable[..., Any]


class _Request(msgspec.Struct):
    command: str
    arguments: dict[str, Any]


def _short(path: Path) -> tuple[str, int]:
    """A path that fits a socket address, which ends at 107 bytes, and the descriptor that it goes through."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    return f"/proc/self/fd/{descriptor}/{NAME}", descriptor


class ControlSocket:
    """Answers commands, each connection in a thread of its own."""

    def __init__(self, directory: Path, commands: Mapping[str, Command]) -> None:
        self._path = directory / NAME
        self._commands = commands
        self._path.unlink(missing_ok=True)  # the pidfile's lock says that nobody else uses it
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        address, descriptor = _short(directory)
        try:
            self._socket.bind(address)
            self._path.chmod(0o600)  # nobody can connect before `listen`
        finally:
            os.close(descriptor)
        self._socket.listen(16)
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._answer, args=(connection,), name="command", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            try:
                answer = {"result": self._carry_out(msgspec.json.decode(_line(connection), type=_Request))}
            except (ZatoError, msgspec.DecodeError) as e:
                answer = {"error": str(e)}
            except Exception as e:
                logger.exception("A command failed")
                answer = {"error": f"{type(e).__name__}: {e}"}
            try:
                connection.sendall(msgspec.json.encode(answer) + b"\n")
            except OSError as e:
                logger.debug("The command's sender is gone: %s", e)

    def _carry_out(self, request: _Request) -> Any:
        command = self._commands.get(request.command)
        if command is None:
            raise ZatoError(f"there is no command `{request.command}`")
        return command(**request.arguments)

    def close(self) -> None:
        """Stop answering."""
        self._path.unlink(missing_ok=True)
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._socket.close()


def call(directory: Path, command: str, *, timeout: float = 30, **arguments: Any) -> Any:
    """Have a running server carry out a command. Raises NotRunning, and ZatoError with the server's own words."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        address, descriptor = _short(directory)
        try:
            connection.connect(address)
        except PermissionError:
            raise ZatoError(
                f"{directory / NAME} belongs to another user, as whom the server {directory} runs"
            ) from None
        except OSError:
            raise NotRunning(f"the server {directory} is not running; start it with `zato start {directory}`") from None
        finally:
            os.close(descriptor)
        try:
            connection.sendall(msgspec.json.encode({"command": command, "arguments": arguments}) + b"\n")
            answer = msgspec.json.decode(_line(connection))
        except (OSError, msgspec.DecodeError):
            raise NotRunning(f"the server {directory} did not answer; see {directory}/logs/server.log") from None
    if "error" in answer:
        raise ZatoError(answer["error"])
    return answer["result"]


def _line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        chunk = connection.recv(65536)
        if not chunk or len(received) > MAX_REQUEST:
            break
        received += chunk
    return bytes(received)
