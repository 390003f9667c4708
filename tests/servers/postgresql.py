"""A PostgreSQL of the tests' own: `postgresql_server`, one per session, and `postgresql`, a database per test."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest
from psycopg import sql

from tests.servers import processes
from tests.servers.ports import free_port
from tests.servers.waiting import wait_for

MISSING = "PostgreSQL is not installed; run tests/servers/install.sh"
USER = "zato"
START_TIMEOUT = 60.0


class PostgreSQL:
    """A cluster with port, data and password of its own. kill -9 and a start make it a crash and a recovery."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._base = processes.make_directory("zato-postgresql-")
        self._data = self._base / "data"
        self._password = secrets.token_hex(8)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def __enter__(self) -> Self:
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start, or start again, and wait until it answers."""
        command = self._as_its_user(self._programs / "postgres", "-D", self._data)
        self._process = processes.start(command, log=self._base / "log.txt")
        wait_for(self._answers, f"PostgreSQL answers, see {self._base / 'log.txt'}", START_TIMEOUT)

    def kill9(self) -> None:
        """Crash it."""
        assert self._process is not None
        processes.kill(self._process)

    def stop(self) -> None:
        """End it and remove all that it left behind."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # else it leaves shared memory behind
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            processes.kill(self._process)
        processes.remove_directory(self._base)

    def url(self, database: str) -> str:
        """Address of a database, password included."""
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> None:
        """Make an empty database."""
        self._execute("CREATE DATABASE {}", database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._execute("DROP DATABASE {} WITH (FORCE)", database)

    def _execute(self, statement: str, database: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(database)))

    def _initialise(self) -> None:
        secret = self._base / "password"
        secret.write_text(self._password)
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            for path in (self._base, secret):
                shutil.chown(path, "postgres", "postgres")
        initdb = self._as_its_user(
            self._programs / "initdb", "-D", self._data, "-U", USER, "--pwfile", secret, "-A", "scram-sha-256",
            "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL)
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\n"
                "listen_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{self._base}'\n"
                "dynamic_shared_memory_type = mmap\n"  # not in /dev/shm, where a crash would leave it
                "max_connections = 50\n"
                "shared_buffers = 64MB\n"
            )

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"PostgreSQL ended: {(self._base / 'log.txt').read_text()[-2000:]}"
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _as_its_user(self, *command: str | Path) -> list[str]:
        text = [str(part) for part in command]
        if os.getuid() != 0:
            return text
        user = pwd.getpwnam("postgres")
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *text]


def _programs() -> Path:
    def version(path: Path) -> int:
        return int(re.sub(r"\D", "", path.parent.name) or 0)

    found = sorted((p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), key=version)
    if not found:
        pytest.fail(MISSING, pytrace=False)
    return found[-1]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """A running PostgreSQL, started when the first test asks for it. A test that stops it starts it again."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def postgresql(postgresql_server: PostgreSQL) -> Iterator[str]:
    """URL of an empty database of the test's own."""
    database = f"test_{secrets.token_hex(4)}"
    postgresql_server.create(database)
    try:
        yield postgresql_server.url(database)
    finally:
        postgresql_server.drop(database)
