"""A server's world for commands that need its connections while it is not running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from zato.common.ext.bunch import Bunch
from zato.config.snapshot import Snapshot
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server.deploy import Services
from zato.server.directory import ServerDirectory
from zato.server.runtime import Runtime
from zato.server.world import World, Worlds

if TYPE_CHECKING:
    from zato.server.settings import Settings


@contextmanager
def world_of(directory: ServerDirectory, snapshot: Snapshot | None = None) -> Iterator[World]:
    """The world of a configuration, by default of the ODB's current revision, without services.

    Nothing takes work in. Raises ZatoError.
    """
    settings: Settings = directory.settings()
    revision = 0
    if snapshot is None:
        with closing(ODB(directory.odb(settings.main), Secrets(directory.key_file))) as odb:
            revision = odb.current
            snapshot = odb.load(revision)
    runtime = Runtime(directory.name, directory.path, Services([]), Bunch(), settings)
    worlds = Worlds(runtime)
    prepared = worlds.prepare(revision, snapshot, lenient=True)
    try:
        yield prepared.world
    finally:
        prepared.abandon()
        worlds.stop()
