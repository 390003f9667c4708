"""The server that a command is about, and its ODB."""

from __future__ import annotations

from zato.errors import NotRunning
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server import control
from zato.server.directory import ServerDirectory
from zato_cli.enmasse.options import Options
from zato_cli.server import server_directory


def open_odb(server: ServerDirectory, *, only_reads: bool = False) -> ODB:
    """Open the ODB of a server. Raises ZatoError."""
    return ODB(server.odb(server.settings().main), Secrets(server.key_file), only_reads=only_reads)


def odb_of(options: Options) -> ODB:
    """Open the ODB of the server that is meant, to read it. Raises ZatoError."""
    return open_odb(server_directory(options.server), only_reads=True)


def deployed_services(options: Options) -> list[str] | None:
    """Names of the services that the server has deployed; None while it is not running."""
    try:
        services: list[str] = control.call(server_directory(options.server).path, "info")["services"]
    except NotRunning:
        return None
    return services
