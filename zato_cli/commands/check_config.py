"""zato check-config."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import click

from zato_cli import output
from zato_cli.server import server_argument, server_directory

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory


@click.command("check-config")
@server_argument
def command(server: str | None) -> int:
    """Check that a server could start: its settings, key, ODB, folders and pidfile."""
    from zato.errors import ZatoError

    failed = 0
    for check in _checks(server_directory(server)):
        try:
            output.line(f"{check()}, OK")
        except ZatoError as e:
            output.error(e)
            failed = 1
    return failed


def _checks(directory: ServerDirectory) -> Iterator[Callable[[], str]]:
    from zato.errors import ServerDirectoryError
    from zato.odb.odb import ODB
    from zato.odb.secrets import Secrets
    from zato.server.pidfile import running_pid

    def settings() -> str:
        directory.settings()
        return f"Settings in {directory.config}"

    def odb() -> str:
        with closing(ODB(directory.odb(directory.settings().main), Secrets(directory.key_file))) as opened:
            return f"ODB at revision {opened.current} with {len(opened.load())} objects, secrets readable"

    def key_file() -> str:
        if directory.key_file.stat().st_mode & 0o077:
            raise ServerDirectoryError(f"{directory.key_file} can be read by others; run chmod 600 on it")
        return f"Key file {directory.key_file}"

    def logs() -> str:
        if not os.access(directory.logs, os.W_OK):
            raise ServerDirectoryError(f"{directory.logs} cannot be written to")
        return f"Logs in {directory.logs}"

    def pidfile() -> str:
        pid = running_pid(directory.pidfile)
        return f"Server is running, process ID {pid}" if pid else "Server is not running"

    yield from (settings, key_file, odb, logs, pidfile)
