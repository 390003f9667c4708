"""zato ping."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zato_cli import output
from zato_cli.exit_codes import DONE, ERROR, NOTHING_CHECKED
from zato_cli.server import SERVER_HELP, server_directory

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory


@click.group("ping", no_args_is_help=True)
def command() -> None:
    """Ask other systems whether they answer."""


@command.command("outconn", epilog=SERVER_HELP)
@click.argument("names", nargs=-1, metavar="[SERVER] NAME...")
@click.option("--all", "all_", is_flag=True, help="Ping every outgoing connection that is active.")
@click.option("--type", "types", multiple=True, metavar="SECTION", help="Only connections of this section; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def outconn(names: tuple[str, ...], all_: bool, types: tuple[str, ...], as_json: bool) -> int:
    """Ping outgoing connections.

    The server does it if it runs, this command if not. Exit code 1 if one of them does not answer.
    """
    from zato.errors import NotRunning

    given, wanted = _server_and_names(names)
    if bool(wanted) == all_:
        raise click.UsageError(f"say which connection to ping, or --all{_taken_for(given, wanted)}")
    sections = _sections(types)
    directory = server_directory(given)
    try:
        by, pinged = "server", _by_server(directory, wanted, sections)
    except NotRunning:
        by, pinged = "command", _by_us(directory, wanted, sections)
    if as_json:
        output.document({"pinged_by": by, "results": pinged})
    else:
        _print(directory, by, pinged)
    if not pinged:
        output.note("There is no active outgoing connection, so nothing was pinged")
        return NOTHING_CHECKED
    return DONE if all(result["ping"]["ok"] for result in pinged) else ERROR


def _server_and_names(arguments: tuple[str, ...]) -> tuple[str | None, list[str]]:
    """Tell the server's directory, which comes first or last, from names."""
    if arguments and _is_directory(arguments[0]):
        return arguments[0], list(arguments[1:])
    if arguments and _is_directory(arguments[-1]):
        return arguments[-1], list(arguments[:-1])
    return None, list(arguments)


def _is_directory(argument: str) -> bool:
    """Whether it is a server's directory, or is written as a path."""
    from zato.server.directory import MARK

    return argument.startswith(("/", "./", "../", "~")) or (Path(argument) / MARK).is_file()


def _taken_for(server: str | None, names: list[str]) -> str:
    """What the arguments were taken for."""
    taken = [f"{server}: taken for the server's directory"] if server else []
    if names:
        taken.append(f"{', '.join(names)}: taken for {'a connection' if len(names) == 1 else 'connections'}")
    return f" ({'; '.join(taken)})" if taken else ""


def _sections(types: tuple[str, ...]) -> list[str]:
    from zato.config.export import sections_called

    sections, unknown = sections_called(types)
    if unknown:
        raise click.UsageError(f"--type: there is no section {', '.join(unknown)}")
    return sorted(sections)


def _by_server(directory: ServerDirectory, names: list[str], sections: list[str]) -> list[dict[str, Any]]:
    from zato.server import control

    pinged: list[dict[str, Any]] = control.call(directory.path, "ping", timeout=300, names=names, sections=sections)
    return pinged


def _by_us(directory: ServerDirectory, names: list[str], sections: list[str]) -> list[dict[str, Any]]:
    import logging

    import msgspec

    from zato.server.offline import world_of
    from zato.server.pinging import ping

    logging.getLogger("zato").addHandler(logging.NullHandler())  # what cannot be opened says so when it is pinged
    with world_of(directory) as world:
        return [msgspec.to_builtins(pinged) for pinged in ping(world, names, sections)]


def _print(directory: ServerDirectory, by: str, pinged: list[dict[str, Any]]) -> None:
    where = directory.name if by == "server" else f"this command, since {directory.name} is not running"
    output.note(f"Pinged by {where}")
    rows = [_row(result["section"], result["name"], **result["ping"]) for result in pinged]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    narrow = sys.stdout.isatty() and sum(widths) + 2 * len(widths) > shutil.get_terminal_size().columns
    for row in rows:
        mark, section, name, address, latency, detail = row
        colour = "green" if mark == "ok" else "red"
        if narrow:
            output.line(f"{mark}  {name}  ({section}, {latency})", fg=colour)
            output.line(f"    {address}\n    {detail}")
        else:
            cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)]
            output.line("  ".join(cells).rstrip(), fg=colour)


def _row(section: str, name: str, *, ok: bool, category: str, address: str, latency: float, detail: str) -> list[str]:
    """Cells to print; what others have sent is kept from steering the terminal."""
    from zato.server.logs import one_line

    mark = "ok" if ok else category.replace("other", "failed")
    return [one_line(cell) for cell in (mark, section, name, address or "-", f"{1000 * latency:.1f} ms", detail)]
