"""zato info."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from zato_cli import output
from zato_cli.exit_codes import DONE
from zato_cli.server import SERVER_HELP, server_argument, server_directory

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory


@click.command("info", epilog=SERVER_HELP)
@server_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(server: str | None, as_json: bool) -> int:
    """Tell how a server is doing.

    What it is, which revision and which services it serves, what is wrong with them, and what it is busy with.
    """
    directory = server_directory(server)
    told = _running(directory) | _stored(directory)
    if as_json:
        output.document(told)
        return DONE
    width = max(map(len, told))
    for name, value in told.items():
        first, *more = _lines(value)
        output.line(f"{name.replace('_', ' '):{width}}  {first}")
        for text in more:
            output.line(f"{'':{width}}  {text}")
    return DONE


def _running(directory: ServerDirectory) -> dict[str, Any]:
    from zato.errors import NotRunning
    from zato.server import control
    from zato.server.pidfile import running_pid

    try:
        told: dict[str, Any] = control.call(directory.path, "info")
    except NotRunning:
        pid = running_pid(directory.pidfile)
        told = {"server": directory.name, "directory": str(directory.path), "running": pid is not None}
        return told if pid is None else {**told, "pid": pid, "answers": False}
    return told


def _stored(directory: ServerDirectory) -> dict[str, Any]:
    from zato.errors import ZatoError
    from zato.odb.odb import ODB
    from zato.odb.secrets import Secrets

    try:
        with closing(ODB(directory.odb(directory.settings().main), Secrets(directory.key_file))) as odb:
            workers = [
                {"server": worker.server, "host": worker.host, "pid": worker.pid, "serving": worker.serving}
                for worker in odb.workers()
            ]
            return {"current_revision": odb.current, "workers": workers}
    except ZatoError as e:
        return {"odb_problem": str(e)}


def _lines(value: Any) -> list[str]:
    return [_shown(item) for item in value] or ["-"] if isinstance(value, list) else [_shown(value)]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return str(value)
