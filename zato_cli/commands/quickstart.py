"""zato quickstart create."""

from __future__ import annotations

from pathlib import Path

import click

from zato_cli import output


@click.group("quickstart", no_args_is_help=True)
def command() -> None:
    """Make a server that is ready to start."""


@command.command("create")
@click.argument("directory", type=click.Path(path_type=Path))
def create(directory: Path) -> None:
    """Make DIRECTORY/server1, with its settings, an empty ODB and folders for services and configuration."""
    from zato.server.directory import ServerDirectory

    directory = directory.expanduser()
    if directory.is_file():
        raise click.ClickException(f"{directory} is a file")
    if directory.is_dir() and any(directory.iterdir()):
        raise click.ClickException(f"{directory} is not empty; nothing was made")
    try:
        server = ServerDirectory.create(directory / "server1")
    except OSError as e:
        raise click.ClickException(f"{e.filename or directory}: {e.strerror}") from None
    output.line(f"Server created in {server.path}")
    output.line(f"Start it with: zato start {server.path}")
