"""zato check-config."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import click

from zato_cli import output
from zato_cli.exit_codes import DONE, ERROR
from zato_cli.server import SERVER_HELP, server_argument, server_directory

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory
    from zato.server.settings import Settings


@click.command("check-config", epilog=SERVER_HELP)
@server_argument
def command(server: str | None) -> int:
    """Check what a server needs to start.

    That is its settings, key, ODB, logs and address.
    """
    from zato.errors import ZatoError

    directory = server_directory(server)
    settings = directory.settings()  # all that follows depends on them
    output.line(f"Settings in {directory.config}, OK")
    checks: list[Callable[[ServerDirectory, Settings], str]] = [_key_file, _odb, _logs, _address]
    problems: set[str] = set()
    for check in checks:
        try:
            output.line(f"{check(directory, settings)}, OK")
        except ZatoError as e:
            if str(e) not in problems:  # the ODB cannot be used without the key either
                output.error(e)
            problems.add(str(e))
    return ERROR if problems else DONE


def _key_file(directory: ServerDirectory, _: Settings) -> str:
    directory.check_key_file()
    return f"Key file {directory.key_file}"


def _odb(directory: ServerDirectory, settings: Settings) -> str:
    from zato.kinds.words import number_of
    from zato.odb.odb import ODB
    from zato.odb.secrets import Secrets

    with closing(ODB(directory.odb(settings.main), Secrets(directory.key_file))) as odb:
        objects = number_of(len(odb.load()), "object", "objects")
        return f"ODB at revision {odb.current} with {objects}, secrets readable"


def _logs(directory: ServerDirectory, _: Settings) -> str:
    from zato.errors import ServerDirectoryError

    if not os.access(directory.logs if directory.logs.exists() else directory.path, os.W_OK):
        raise ServerDirectoryError(f"{directory.logs} cannot be written to")
    return f"Logs in {directory.logs}"


def _address(directory: ServerDirectory, settings: Settings) -> str:
    from zato.server.pidfile import running_pid
    from zato.server.run import listen

    pid = running_pid(directory.pidfile)
    if pid is not None:
        return f"Server is running, process ID {pid}"
    listen(settings.main.bind, 1).close()
    return f"Server is not running and {settings.main.bind} is free"
