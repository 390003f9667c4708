"""zato stop."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from zato_cli import output
from zato_cli.exit_codes import DONE
from zato_cli.server import SERVER_HELP, server_argument, server_directory

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory

MARGIN_SECONDS = 60.0
"""What consumers and publishers may take besides the requests, which have the time that server.conf says."""


@click.command("stop", epilog=SERVER_HELP)
@server_argument
def command(server: str | None) -> int:
    """Stop a server.

    It finishes what it has begun, then ends. One that is told twice ends at once.
    """
    from zato.server.pidfile import remove_stale, running_pid

    directory = server_directory(server)
    pid = running_pid(directory.pidfile)
    if pid is None:
        removed = "; a stale pidfile was removed" if remove_stale(directory.pidfile) else ""
        raise click.ClickException(f"the server {directory.path} is not running{removed}")
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError:
        raise click.ClickException(f"the server, process ID {pid}, belongs to another user") from None
    except ProcessLookupError:  # it has just ended
        pass
    deadline = time.monotonic() + _drain(directory) + MARGIN_SECONDS
    while running_pid(directory.pidfile) is not None:
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"the server, process ID {pid}, is still running; see {directory.logs}/server.log"
            )
        time.sleep(0.05)
    output.line(f"{directory.name} stopped")
    return DONE


def _drain(directory: ServerDirectory) -> float:
    from zato.errors import ConfigurationError
    from zato.server.settings import Main

    with suppress(ConfigurationError):  # a mistake in server.conf must not keep its server from being stopped
        return directory.settings().main.drain
    return Main().drain
