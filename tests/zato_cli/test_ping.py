from __future__ import annotations

import json
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fcntl import ioctl

import pytest

from tests.servers.http_server import HTTPServer
from tests.servers.ports import free_port
from tests.servers.rabbitmq import VHost
from tests.servers.zato_server import PROGRAM, Done, ZatoServer, environment, zato


@pytest.fixture
def backend() -> Iterator[HTTPServer]:
    with HTTPServer() as backend:
        backend.answer("/", {})
        yield backend


def rest(name: str, url: str, **fields: object) -> str:
    """An outgoing REST connection, as a line of a document."""
    return json.dumps({"name": name, "host": url, "url_path": "/", **fields})


def configure(server: ZatoServer, *connections: str) -> None:
    document = "outgoing_rest:\n" + "".join(f"  - {connection}\n" for connection in connections)
    done = server.enmasse(document)
    assert done.returncode == 0, done.stderr


def cells(done: Done) -> list[list[str]]:
    """What was printed, latencies apart."""
    return [re.sub(r"\d+\.\d ms", "MS", line).split("  ") for line in _compact(done.stdout)]


def _compact(text: str) -> list[str]:
    return [re.sub(r" {2,}", "  ", line) for line in text.splitlines()]


@pytest.mark.parametrize("runs", [True, False])
def test_a_connection_is_pinged_by_the_server_or_by_the_command(
    zato_server: ZatoServer, backend: HTTPServer, runs: bool
) -> None:
    # Given
    configure(zato_server, rest("CRM", backend.url))
    if runs:
        zato_server.start()

    # When
    done = zato_server.zato("ping", "outconn", "CRM")

    # Then
    assert done.returncode == 0
    assert done.stderr == f"Pinged by {'server1' if runs else 'this command, since server1 is not running'}\n"
    assert cells(done) == [["ok", "outgoing_rest", "CRM", f"{backend.url}/", "MS", "200 OK"]]
    assert backend.last.method == "HEAD"


def test_the_directory_may_be_given_before_or_after_the_names(zato_server: ZatoServer, backend: HTTPServer) -> None:
    configure(zato_server, rest("CRM", backend.url), rest("server1", backend.url))
    parent = zato_server.path.parent

    assert zato("ping", "outconn", zato_server.path, "CRM").returncode == 0
    assert zato("ping", "outconn", "CRM", zato_server.path).returncode == 0
    assert zato("ping", "outconn", "CRM", "server1", cwd=parent).returncode == 0
    assert zato("ping", "outconn", "--all", "server1", cwd=parent).returncode == 0
    assert zato("ping", "outconn", "./server1", "CRM", "server1", cwd=parent).stdout.count("ok ") == 2


def test_what_does_not_answer_is_told_with_the_reason(zato_server: ZatoServer, backend: HTTPServer) -> None:
    # Given
    nobody = f"http://127.0.0.1:{free_port()}"
    backend.answer("/", {}, status=401)
    configure(zato_server, rest("CRM", backend.url), rest("Payments", nobody))

    # When
    done = zato_server.zato("ping", "outconn", "--all")

    # Then
    assert done.returncode == 1
    advice = "the system wants credentials; name a definition in `security`"
    reason = f"`Payments`: connection refused (check that the system is up, and the port in `host`): HEAD {nobody}/"
    assert cells(done) == [
        ["auth", "outgoing_rest", "CRM", f"{backend.url}/", "MS", f"401 Unauthorized: {advice}"],
        ["refused", "outgoing_rest", "Payments", f"{nobody}/", "MS", reason],
    ]


def test_one_document_for_programs(zato_server: ZatoServer, backend: HTTPServer) -> None:
    # Given
    configure(zato_server, rest("CRM", backend.url))

    # When
    done = zato_server.zato("ping", "outconn", "--all", "--json")

    # Then
    document = json.loads(done.stdout)
    assert document["results"][0]["ping"].pop("latency") > 0
    assert document == {
        "format_version": 1,
        "pinged_by": "command",
        "results": [
            {
                "section": "outgoing_rest",
                "name": "CRM",
                "ping": {"ok": True, "address": f"{backend.url}/", "detail": "200 OK", "category": ""},
            }
        ],
    }
    assert done.stderr == ""


def test_amqp_is_pinged_for_real(zato_server: ZatoServer, vhost: VHost) -> None:
    # Given
    fields = f"host: 127.0.0.1, port: {vhost.server.port}, vhost: {vhost.name}, username: {vhost.user}"
    zato_server.enmasse(
        f"""
        def_amqp:
          - {{name: Broker, {fields}, password: {vhost.password}}}
          - {{name: Wrong, {fields}, password: nonsense}}
        outgoing_amqp:
          - {{name: Fraud, def_name: Broker}}
          - {{name: Locked, def_name: Wrong}}
        """
    )

    # When
    done = zato_server.zato("ping", "outconn", "Fraud", "Locked")

    # Then
    address = f"amqp://127.0.0.1:{vhost.server.port}/{vhost.name}"
    where = f"127.0.0.1:{vhost.server.port} for user {vhost.user}"
    reason = f"authentication refused by {where} (check user and password)"
    assert cells(done) == [
        ["ok", "outgoing_amqp", "Fraud", address, "MS", f"connected as {vhost.user}"],
        ["auth", "outgoing_amqp", "Locked", address, "MS", reason],
    ]
    assert done.returncode == 1


@pytest.mark.parametrize("runs", [True, False])
def test_a_misspelt_name_is_told_with_the_nearest(zato_server: ZatoServer, runs: bool) -> None:
    # Given
    configure(zato_server, rest("CRM", "http://127.0.0.1:1"))
    if runs:
        zato_server.start()

    # When
    done = zato_server.zato("ping", "outconn", "CRMM")

    # Then
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: there is no outgoing connection `CRMM`; did you mean `CRM`?\n"


def test_a_connection_that_is_switched_off_is_told(zato_server: ZatoServer, backend: HTTPServer) -> None:
    # Given
    configure(zato_server, rest("CRM", backend.url, is_active=False))

    # When
    done = zato_server.zato("ping", "outconn", "CRM")

    # Then
    assert done.returncode == 1
    assert cells(done) == [["failed", "outgoing_rest", "CRM", "-", "MS", "`CRM` is inactive"]]


def test_a_connection_that_cannot_be_opened_is_told_without_a_traceback(zato_server: ZatoServer) -> None:
    # Given
    configure(zato_server, rest("CRM", "https://127.0.0.1:1", validate_tls="/none.pem"))

    # When
    done = zato_server.zato("ping", "outconn", "CRM")

    # Then
    assert done.returncode == 1
    reason = (
        "it cannot be used: `CRM`: cannot read the CA bundle of `validate_tls`: /none.pem: "
        "[Errno 2] No such file or directory"
    )
    assert cells(done) == [["failed", "outgoing_rest", "CRM", "-", "MS", reason]]
    assert done.stderr == "Pinged by this command, since server1 is not running\n"


def test_only_one_kind_is_pinged(zato_server: ZatoServer, backend: HTTPServer) -> None:
    # Given
    configure(zato_server, rest("CRM", backend.url))

    # Then
    assert cells(zato_server.zato("ping", "outconn", "--all", "--type", "outgoing_rest"))
    none = zato_server.zato("ping", "outconn", "--all", "--type", "outconn_amqp")
    assert (none.returncode, none.stdout) == (3, "")
    assert none.stderr.endswith("There is no active outgoing connection, so nothing was pinged\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say which connection to ping, or --all"),
        (["CRM", "Payments", "--all"], "say which connection to ping, or --all (CRM, Payments: taken for connections)"),
        (["/none"], "say which connection to ping, or --all (/none: taken for the server's directory)"),
        (
            ["/none", "CRM", "--all"],
            (
                "say which connection to ping, or --all "
                "(/none: taken for the server's directory; CRM: taken for a connection)"
            ),
        ),
        (["--all", "--type", "outgoing_fax"], "--type: there is no section outgoing_fax"),
        (["CRM", "/none"], "there is no directory /none; make a server with `zato quickstart create`"),
        (["/none", "CRM"], "there is no directory /none; make a server with `zato quickstart create`"),
    ],
)
def test_wrong_usage_is_told(zato_server: ZatoServer, arguments: list[str], message: str) -> None:
    done = zato_server.zato("ping", "outconn", *arguments)

    assert done.returncode == 1
    assert done.stderr.endswith(f"Error: {message}\n")


def test_nothing_from_outside_steers_the_terminal(zato_server: ZatoServer, backend: HTTPServer) -> None:
    # Given
    configure(zato_server, rest("[bold]CRM[/]", backend.url, ping_path="/%1B[31m"))

    # When
    done = zato_server.zato("ping", "outconn", "--all")

    # Then
    assert "\x1b" not in done.stdout
    assert "[bold]CRM[/]" in done.stdout


def on_a_terminal(server: ZatoServer, *arguments: str, columns: int, env: Mapping[str, str] | None = None) -> str:
    """What a command prints on a terminal."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    more = {"ZATO_SERVER_DIR": str(server.path), "TERM": "xterm", **(env or {})}
    command = [str(PROGRAM), *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(more)):
        os.close(theirs)
        printed = b""
        with suppress(OSError):  # the other side is closed
            while chunk := os.read(ours, 65536):
                printed += chunk
    os.close(ours)
    return printed.decode().replace("\r\n", "\n")


def test_a_narrow_terminal_gets_lines_that_fit(zato_server: ZatoServer, backend: HTTPServer) -> None:
    # Given
    configure(zato_server, rest("CRM", backend.url))

    # When
    printed = on_a_terminal(zato_server, "ping", "outconn", "CRM", columns=60, env={"NO_COLOR": "1"})

    # Then
    assert re.sub(r"\d+\.\d ms", "MS", printed) == (
        "Pinged by this command, since server1 is not running\n"
        f"ok  CRM  (outgoing_rest, MS)\n    {backend.url}/\n    200 OK\n"
    )


def test_a_wide_terminal_gets_a_line_each_in_colour(zato_server: ZatoServer, backend: HTTPServer) -> None:
    # Given
    configure(zato_server, rest("CRM", backend.url))

    # When
    printed = on_a_terminal(zato_server, "ping", "outconn", "CRM", columns=120)

    # Then
    assert printed.splitlines()[1].startswith("\x1b[32mok  outgoing_rest  CRM  ")
