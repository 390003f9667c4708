"""What commands that are about a server share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory

server_argument = click.argument("server", required=False, type=click.Path())
"""The server's directory; without it ZATO_SERVER_DIR, else the directory that we are in."""


SERVER_HELP = "SERVER is the server's directory; without it ZATO_SERVER_DIR, else the directory that you are in."


def server_directory(given: str | None) -> ServerDirectory:
    """The server that is meant. Raises ServerDirectoryError."""
    from zato.server.directory import find

    return find(given)
