from __future__ import annotations

import psycopg

from tests.servers.postgresql import PostgreSQL


def test_what_was_committed_survives_a_crash(postgresql_server: PostgreSQL, postgresql: str) -> None:
    # Given
    with psycopg.connect(postgresql) as connection:
        connection.execute("CREATE TABLE kept (name text)")
        connection.execute("INSERT INTO kept VALUES ('x')")

    # When
    postgresql_server.kill9()
    postgresql_server.start()

    # Then
    with psycopg.connect(postgresql) as connection:
        assert connection.execute("SELECT name FROM kept").fetchall() == [("x",)]
