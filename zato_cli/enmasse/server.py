"""The ODB of the server that a command is about."""

from __future__ import annotations

from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server.directory import ServerDirectory
from zato_cli.enmasse.options import Options
from zato_cli.server import server_directory


def open_odb(server: ServerDirectory) -> ODB:
    """Open the ODB of a server. Raises ZatoError."""
    return ODB(server.odb(server.settings().main), Secrets(server.key_file))


def odb_of(options: Options) -> ODB:
    """Open the ODB of the server that is meant. Raises ZatoError."""
    return open_odb(server_directory(options.server))
