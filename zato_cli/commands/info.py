"""zato info."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from zato_cli import output
from zato_cli.server import server_argument, server_directory

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory


@click.command("info")
@server_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(server: str | None, as_json: bool) -> int:
    """Tell what a server is, which revision it serves and how it is doing."""
    from zato.errors import NotRunning
    from zato.server import control

    directory = server_directory(server)
    try:
        told = control.call(directory.path, "info")
    except NotRunning:
        told = {"server": directory.name, "directory": str(directory.path), "running": False}
    told |= _stored(directory)
    if as_json:
        output.document(told)
    else:
        width = max(map(len, told))
        for name, value in told.items():
            output.line(f"{name.replace('_', ' '):{width}}  {_shown(value)}")
    return 0


def _stored(directory: ServerDirectory) -> dict[str, Any]:
    from zato.odb.odb import ODB
    from zato.odb.secrets import Secrets

    with closing(ODB(directory.odb(directory.settings().main), Secrets(directory.key_file))) as odb:
        workers = [
            {"server": worker.server, "host": worker.host, "pid": worker.pid, "serving": worker.serving}
            for worker in odb.workers()
        ]
        return {"current_revision": odb.current, "workers": workers}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    if isinstance(value, list):
        return "; ".join(map(_shown, value)) or "-"
    return str(value)
