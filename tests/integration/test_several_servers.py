"""Two servers with one ODB in PostgreSQL: what is imported through either is live on both."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import certifi
import pytest

from tests.servers.postgresql import PostgreSQL
from tests.servers.zato_server import PROGRAM, ZatoServer, environment
from zato.odb.secrets import Secrets

SERVICE = """
    from zato.server.service import Service

    class Say(Service):
        def handle(self):
            self.response.payload = self.server.name
"""
IMPORTERS = 8

Servers = tuple[ZatoServer, ZatoServer]


@pytest.fixture
def servers(postgresql: str, tmp_path: Path) -> Iterator[Servers]:
    """Two server directories; none is started."""
    with ExitStack() as ending:
        first = ZatoServer(_folder(tmp_path / "a"), postgresql)
        ending.callback(first.kill9)
        second = ZatoServer(_folder(tmp_path / "b"), postgresql, first.layout.key_file)
        ending.callback(second.kill9)
        for server in (first, second):
            server.deploy(SERVICE, "said.py")
        yield first, second


@pytest.fixture
def both(servers: Servers) -> Servers:
    """Two servers that run."""
    for server in servers:
        server.start()
    return servers


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def channel(number: int) -> str:
    return f"channel_rest: [{{name: v, service: said.say, url_path: /v{number}}}]"


def says(server: ZatoServer, number: int) -> bool:
    return server.call(f"/v{number}").status_code == 200


def test_an_import_through_either_is_live_on_both_when_it_returns(both: Servers) -> None:
    for number in range(1, 7):
        # When
        done = both[number % 2].enmasse(channel(number))

        # Then
        assert (done.returncode, done.stderr.count("Error")) == (0, 0), done.stderr
        for server in both:
            assert says(server, number)
            assert server.call(f"/v{number - 1}").status_code == 404


def test_info_of_either_shows_both(both: Servers) -> None:
    both[0].enmasse(channel(1))

    for server in both:
        told = server.zato("info").stdout
        for of in both:
            assert of.process is not None
            assert f"pid {of.process.pid}, serving 1\n" in told


def test_a_server_that_cannot_serve_a_revision_refuses_it_for_both(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a file that only the first server can see
    for server, name in zip(servers, ("a", "b"), strict=True):
        monkeypatch.chdir(tmp_path / name)
        server.start()
    shutil.copy(certifi.where(), tmp_path / "a" / "ca.pem")
    servers[0].enmasse(channel(1))

    # When
    crm = "outgoing_rest: [{name: CRM, host: 'https://127.0.0.1:1', url_path: /, validate_tls: ca.pem}]"
    done = servers[0].enmasse(f"{channel(2)}\n{crm}")

    # Then
    assert servers[1].process is not None
    refusal = (
        f"Error: server1 (pid {servers[1].process.pid} on {socket.gethostname()}) "
        "cannot serve the new configuration: outgoing_rest/CRM: "
    )
    assert done.returncode != 0
    assert refusal in done.stderr
    for server in servers:
        assert says(server, 1)
        assert not says(server, 2)

    # When
    shutil.copy(certifi.where(), tmp_path / "b" / "ca.pem")
    done = servers[0].enmasse(f"{channel(2)}\n{crm}")

    # Then
    assert done.returncode == 0, done.stderr
    assert all(says(server, 2) for server in servers)


def test_of_imports_at_the_same_time_none_is_lost(both: Servers, tmp_path: Path) -> None:
    # When
    processes = []
    for number in range(IMPORTERS):
        file = tmp_path / f"{number}.yaml"
        file.write_text(f"channel_rest: [{{name: v{number}, service: said.say, url_path: /v{number}}}]")
        command: list[str | Path] = [PROGRAM, "enmasse", both[number % 2].path, "--import", "--input", file]
        processes.append(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                env=environment(),
            )
        )  # fmt: skip
    done = [process.communicate(timeout=90) for process in processes]

    # Then
    assert [process.returncode for process in processes] == [0] * IMPORTERS, done
    revisions = sorted(int(match[1]) for out, _ in done if (match := re.search(r"Revision (\d+):", out)))
    assert revisions == list(range(1, IMPORTERS + 1))
    assert all(says(server, number) for server in both for number in range(IMPORTERS))


def test_servers_outlive_their_database_and_take_up_the_next_import(
    postgresql_server: PostgreSQL, both: Servers
) -> None:
    # Given
    both[0].enmasse(channel(1))

    # When
    postgresql_server.kill9()

    # Then
    try:
        for server in both:
            server.logs("the ODB postgresql://")
            assert says(server, 1)
        done = both[0].enmasse(channel(2))
        assert done.returncode == 1
        assert re.fullmatch(r"Error: the ODB \S+ cannot be used: Connection refused\n", done.stderr)
    finally:
        postgresql_server.start()

    # When
    for server in both:
        server.logs("The ODB can be used again")
    done = both[1].enmasse(channel(3))

    # Then
    assert done.returncode == 0, done.stderr
    assert all(says(server, 3) for server in both)


def test_what_was_imported_while_a_server_was_away_is_served_once_it_is_back(servers: Servers) -> None:
    # Given
    servers[0].start()
    servers[0].enmasse(channel(1))

    # When
    servers[1].start()

    # Then
    assert says(servers[1], 1)

    # When
    servers[1].kill9()
    done = servers[0].enmasse(channel(2))

    # Then
    assert done.returncode == 0, done.stderr
    assert says(servers[0], 2)


def test_another_key_is_told_at_start_and_at_import_before_anything_is_written(servers: Servers) -> None:
    # Given
    first, second = servers
    first.enmasse(channel(1))
    second.layout.key_file.unlink()
    Secrets.create_key(second.layout.key_file)
    message = (
        f"Error: the key in {second.layout.key_file} is not the one that the ODB's secrets were encrypted with; "
        "put the right key file back\n"
    )

    # When
    done = [second.zato("start"), second.enmasse(channel(2)), second.zato("enmasse", "--export-odb", "--output", "-")]

    # Then
    assert [(command.returncode, command.stderr) for command in done] == [(1, message)] * 3
    assert "current revision  1\n" in first.zato("info").stdout


def test_both_databases_give_the_same_exports(servers: Servers, zato_server: ZatoServer) -> None:
    # Given
    text = """
        security:
          - {name: Zürich %s ?, type: basic_auth, username: ü, password: "a'b\\\\c\\"?%"}
          - {name: a, type: apikey, password: p}
          - {name: B, type: apikey, password: p}
          - {name: _, type: apikey, password: p}
        channel_rest:
          - {name: z, service: s.z, url_path: /z, security: a}
          - {name: y y, service: s.y, url_path: '/y/{a}', security: B}
        outgoing_rest:
          - {name: CRM, host: 'http://127.0.0.1:1', url_path: /%3F}
        """

    # When
    for server in (servers[0], zato_server):
        assert server.enmasse(text).returncode == 0
        assert server.enmasse(text.replace("url_path: /z", "url_path: /zz")).returncode == 0

    # Then
    exports = [
        server.zato("enmasse", "--export-odb", "--format", form, "--output", "-").stdout
        for form in ("yaml", "json")
        for server in (servers[0], zato_server)
    ]
    assert exports[0] == exports[1] != ""
    assert exports[2] == exports[3] != ""
