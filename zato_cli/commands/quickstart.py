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
@click.option("--odb", metavar="URL", help="postgresql://USER@HOST:PORT/DATABASE of the ODB, if not a file.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="config/secret.key of another server that has the same ODB.",
)
def create(directory: Path, odb: str | None, key_file: Path | None) -> None:
    """Make DIRECTORY/server1, with its settings, an empty ODB and folders for services and configuration.

    Several servers may have one ODB in PostgreSQL. The first one makes it; each further one needs its key file. The
    password does not have to be in the URL: PGPASSWORD and ~/.pgpass are read, and `${NAME}` in the URL is an
    environment variable.
    """
    from zato.server.directory import ServerDirectory
    from zato.server.settings import Main

    directory = directory.expanduser()
    if directory.is_file():
        raise click.ClickException(f"{directory} is a file")
    if directory.is_dir() and any(directory.iterdir()):
        raise click.ClickException(f"{directory} is not empty; nothing was made")
    try:
        server = ServerDirectory.create(
            directory / "server1", Main(odb=odb) if odb else Main(), key_file and key_file.expanduser()
        )
    except OSError as e:
        raise click.ClickException(f"{e.filename or directory}: {e.strerror}") from None
    output.line(f"Server created in {server.path}")
    output.line(f"Start it with: zato start {server.path}")
