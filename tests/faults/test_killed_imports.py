"""`zato enmasse --import`, killed at any moment, leaves the old or the new revision and stops no other import."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.servers.postgresql import PostgreSQL
from tests.servers.waiting import wait_for
from tests.servers.zato_server import PROGRAM, ZatoServer, environment
from zato.config.plan import plan
from zato.config.snapshot import Snapshot
from zato.errors import ODBError
from zato.kinds.base import Kind
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.apikey import APIKey
from zato.odb.apply import apply
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server import control

OBJECTS = 150
FREE_SECONDS = 1.0
"""The lock of an import that was killed is free within this time."""

many = pytest.mark.parametrize("kills", [10, pytest.param(200, marks=[pytest.mark.faults, pytest.mark.timeout(1800)])])


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ZatoServer]:
    """A server that runs, so that imports have somebody to wait for."""
    odb = "odb.db" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    server = ZatoServer(tmp_path, odb)
    server.start()
    yield server
    server.kill9()


@pytest.fixture
def odb(server: ZatoServer) -> Iterator[ODB]:
    address = server.layout.odb(server.layout.settings().main)
    with closing(ODB(address, Secrets(server.layout.key_file))) as odb:
        yield odb


def objects(generation: int) -> list[Kind]:
    """Objects that all say which generation they are from."""
    return [
        *(APIKey(name=f"k{i}", password=f"p{generation}") for i in range(OBJECTS // 3)),
        *(OutgoingREST(name=f"n{i}", host=f"http://h{generation}", url_path="/") for i in range(OBJECTS)),
    ]


def generations(odb: ODB) -> set[int]:
    """The generations that the ODB's objects are from: one, unless an import was cut in two."""
    found = set()
    for thing in odb.load():
        if isinstance(thing, OutgoingREST):
            found.add(int(thing.host.removeprefix("http://h")))
        elif isinstance(thing, APIKey):
            found.add(int(str(thing.password).removeprefix("p")))
    return found


def write(path: Path, generation: int) -> None:
    keys = [f"  - {{name: k{i}, type: apikey, password: p{generation}}}" for i in range(OBJECTS // 3)]
    connections = [f"  - {{name: n{i}, host: 'http://h{generation}', url_path: /}}" for i in range(OBJECTS)]
    path.write_text("\n".join(["security:", *keys, "outgoing_rest:", *connections]))


def start_import(server: ZatoServer, file: Path) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [PROGRAM, "enmasse", server.path, "--import", "--replace-odb-objects", "--input", file]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bring_in(odb: ODB, generation: int, wake: Callable[[], None] = lambda: None) -> None:
    """An import that is not killed."""
    began = time.monotonic()
    with odb.importing():
        assert time.monotonic() - began < FREE_SECONDS
        apply(odb, plan(odb.load(), Snapshot(objects(generation))), variables={}, source={}, wake=wake)


def kill_sometime(process: subprocess.Popen[bytes], odb: ODB, whole: float) -> None:
    """Kill an import at any moment, but as often as not in the few milliseconds after it has written something."""
    after = random.uniform(whole / 2, whole)  # before that it has read nothing
    if random.random() < 0.5:
        before = odb.pointers
        wait_for(lambda: process.poll() is not None or odb.pointers != before, "the import has written", 30)
        after = random.uniform(0, 0.05)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    process.kill()
    process.wait()


@many
def test_an_import_that_is_killed_leaves_the_old_or_the_new_revision(
    server: ZatoServer, odb: ODB, tmp_path: Path, kills: int
) -> None:
    # Given
    def wake() -> None:
        control.call(server.path, "wake")

    file = tmp_path / "killed.yaml"
    bring_in(odb, 0, wake)
    write(file, 1)
    began = time.monotonic()
    done = server.zato("enmasse", "--import", "--replace-odb-objects", "--input", str(file))
    assert done.returncode == 0, done.stderr
    whole = time.monotonic() - began

    for generation in range(2, 2 + 2 * kills, 2):
        # Given
        bring_in(odb, generation, wake)
        write(file, generation + 1)
        process = start_import(server, file)

        # When
        kill_sometime(process, odb, whole)

        # Then
        assert generations(odb) in ({generation}, {generation + 1})
        assert server.info()["revision"] <= odb.current

    # Then
    bring_in(odb, 2 + 2 * kills, wake)
    assert generations(odb) == {2 + 2 * kills}
    assert server.info()["revision"] == odb.current


@pytest.mark.parametrize("crashes", [2, pytest.param(30, marks=[pytest.mark.faults, pytest.mark.timeout(1800)])])
def test_an_import_that_was_acknowledged_survives_a_crash_of_the_database(
    postgresql_server: PostgreSQL, postgresql: str, tmp_path: Path, crashes: int
) -> None:
    # Given
    Secrets.create_key(tmp_path / "secret.key")
    secrets = Secrets(tmp_path / "secret.key")
    ODB(postgresql, secrets, create=True).close()
    acknowledged = 0

    for _ in range(crashes):
        # When
        crash = threading.Timer(random.uniform(0.2, 0.8), postgresql_server.kill9)
        crash.start()
        with suppress(ODBError), closing(ODB(postgresql, secrets)) as odb:
            while True:
                bring_in(odb, acknowledged + 1)
                acknowledged += 1
        crash.join()
        postgresql_server.start()

        # Then
        with closing(ODB(postgresql, secrets)) as odb:
            found = generations(odb) or {0}
            assert found in ({acknowledged}, {acknowledged + 1})
            (acknowledged,) = found
