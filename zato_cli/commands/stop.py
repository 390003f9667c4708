"""zato stop."""

from __future__ import annotations

import os
import signal
import time

import click

from zato_cli import output
from zato_cli.server import server_argument, server_directory

MARGIN_SECONDS = 10.0


@click.command("stop")
@server_argument
def command(server: str | None) -> int:
    """Stop a server: it finishes what it has begun, then ends."""
    from zato.server.pidfile import running_pid

    directory = server_directory(server)
    pid = running_pid(directory.pidfile)
    if pid is None:
        stale = directory.pidfile.exists()
        directory.pidfile.unlink(missing_ok=True)
        removed = "; a stale pidfile was removed" if stale else ""
        raise click.ClickException(f"the server {directory.path} is not running{removed}")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + directory.settings().main.drain + MARGIN_SECONDS
    while running_pid(directory.pidfile) is not None:
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"the server, process ID {pid}, is still running; see {directory.logs}/server.log"
            )
        time.sleep(0.05)
    output.line(f"{directory.name} stopped")
    return 0
