"""A running server follows imports: at once, as a whole, or not at all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.servers.http_server import HTTPServer
from tests.servers.ports import free_port
from tests.servers.waiting import wait_for
from tests.servers.zato_server import Done, ZatoServer

FLIPS = 20
CALLERS = 4

FLIPPED = """
    from zato.server.service import Service

    class One(Service):
        def handle(self):
            crm = self.out.rest['CRM'].conn.get(self.cid).data
            payments = self.out.rest['Payments'].conn.get(self.cid).data
            self.response.payload = [self.letter, crm, payments]

    class A(One):
        letter = 'A'

    class B(One):
        letter = 'B'
"""

CALLING = """
    import time
    from pathlib import Path
    from zato.server.service import Service

    class Call(Service):
        def handle(self):
            answer = self.out.rest['CRM'].conn.get(self.cid)
            self.response.payload = {'answer': answer.data, 'headers': dict(answer.request.headers)}

    class CallLater(Service):
        '''Says that it has begun, waits until it may go on, then calls.'''
        def handle(self):
            Path(self.request.payload['begun']).touch()
            while not Path(self.request.payload['go']).exists():
                time.sleep(0.01)
            self.response.payload = {'answer': self.out.rest['CRM'].conn.get(self.cid).data}
"""


@pytest.fixture
def backends() -> Iterator[dict[str, HTTPServer]]:
    with ExitStack() as stack:
        servers = {letter: stack.enter_context(HTTPServer()) for letter in "AB"}
        for letter, server in servers.items():
            server.answer("", letter)
        yield servers


@pytest.fixture
def backend(backends: dict[str, HTTPServer]) -> HTTPServer:
    return backends["A"]


def document(**sections: list[dict[str, object]]) -> str:
    return json.dumps(sections)  # which is YAML


def channel(service: str, path: str) -> dict[str, object]:
    return {"name": path, "service": service, "url_path": path}


def connection(server: HTTPServer | str, name: str = "CRM", **fields: object) -> dict[str, object]:
    url = server if isinstance(server, str) else server.url
    return {"name": name, "host": url, "url_path": "/", **fields}


def bring_in(server: ZatoServer, **sections: list[dict[str, object]]) -> None:
    done = server.enmasse(document(**sections))
    assert done.returncode == 0, done.stderr


def test_every_answer_under_load_is_of_one_revision_and_the_import_returns_when_it_is_served(
    zato_server: ZatoServer, backends: dict[str, HTTPServer]
) -> None:
    # Given
    def flip_to(letter: str) -> None:
        url = backends[letter]
        bring_in(
            zato_server,
            channel_rest=[channel(f"tested.{letter.lower()}", "/flipped")],
            outgoing_rest=[connection(url, "CRM"), connection(url, "Payments")],
        )

    answers: list[list[str]] = []
    done = threading.Event()

    def number_of(what: str) -> int:
        assert zato_server.process is not None
        return len(list(Path(f"/proc/{zato_server.process.pid}", what).iterdir()))

    def call_on_and_on() -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not done.is_set():
                answer = session.get(f"{zato_server.address}/flipped", timeout=30)
                answers.append(answer.json() if answer.ok else [str(answer.status_code), answer.text])

    zato_server.deploy(FLIPPED)
    flip_to("B")
    zato_server.start()
    zato_server.call("/flipped")
    threads, files = number_of("task"), number_of("fd")

    # When
    afterwards = []
    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(call_on_and_on) for _ in range(CALLERS)]
        for number in range(FLIPS):
            letter = "AB"[number % 2]
            flip_to(letter)
            afterwards.append(zato_server.call("/flipped").json() == [letter] * 3)
        done.set()
        for caller in callers:
            caller.result()

    # Then
    assert afterwards == [True] * FLIPS
    assert {tuple(answer) for answer in answers} == {("A", "A", "A"), ("B", "B", "B")}
    flip_to("A")
    zato_server.call("/flipped")
    # The server may still have had a socket of ours open before, and may have one now
    wait_for(lambda: number_of("task") <= threads, f"no more threads than before: {threads}")
    wait_for(lambda: number_of("fd") <= files, f"no more files than before: {files}")


def test_a_configuration_that_the_server_cannot_serve_is_refused_and_nothing_changes(
    zato_server: ZatoServer, backend: HTTPServer
) -> None:
    # Given
    zato_server.deploy(CALLING)
    bring_in(zato_server, channel_rest=[channel("tested.call", "/call")], outgoing_rest=[connection(backend)])
    zato_server.start()
    assert zato_server.process is not None
    before = zato_server.zato("enmasse", "--export-odb", "--output", "-").stdout

    # When
    broken = connection("https://127.0.0.1:1", validate_tls="/none.pem")
    done = zato_server.enmasse(
        document(outgoing_rest=[broken], security=[{"name": "k", "type": "apikey", "password": "p"}])
    )

    # Then
    assert done.returncode == 4
    assert f"server1 (pid {zato_server.process.pid} on " in done.stderr
    reason = "outgoing_rest/CRM: `CRM`: cannot read the CA bundle of `validate_tls`: /none.pem"
    assert f"cannot serve the new configuration: {reason}" in done.stderr
    assert zato_server.zato("enmasse", "--export-odb", "--output", "-").stdout == before
    assert zato_server.call("/call").json()["answer"] == "A"
    zato_server.logs(f"ERROR - Revision 2 cannot be served: {reason}")

    # When
    bring_in(zato_server, outgoing_rest=[connection(backend, "Payments")])

    # Then
    assert zato_server.info()["objects"] == 3


def test_a_change_elsewhere_keeps_network_connections_and_a_change_of_credentials_does_not(
    zato_server: ZatoServer, backend: HTTPServer
) -> None:
    # Given
    zato_server.deploy(CALLING)
    key: dict[str, object] = {"name": "Key", "type": "apikey", "password": "first"}
    bring_in(
        zato_server,
        security=[key],
        channel_rest=[channel("tested.call", "/call")],
        outgoing_rest=[connection(backend, security="Key")],
    )
    zato_server.start()
    zato_server.call("/call")
    assert backend.connections == 1

    # When
    bring_in(
        zato_server, outgoing_rest=[connection("http://other", "Other")], channel_rest=[channel("tested.call", "/2")]
    )
    zato_server.call("/call")
    zato_server.call("/2")

    # Then
    assert backend.connections == 1

    # When
    bring_in(zato_server, security=[{**key, "password": "second"}])
    zato_server.call("/call")

    # Then
    assert backend.connections == 2
    assert [request.headers["X-API-Key"] for request in backend.requests] == ["first"] * 3 + ["second"]


def test_a_slow_request_keeps_what_later_revisions_no_longer_have(
    zato_server: ZatoServer, backends: dict[str, HTTPServer], tmp_path: Path
) -> None:
    # Given
    zato_server.deploy(CALLING)
    channels = [channel("tested.call", "/call"), channel("tested.call-later", "/later")]
    bring_in(zato_server, channel_rest=channels, outgoing_rest=[connection(backends["A"])])
    zato_server.start()
    begun, go = tmp_path / "begun", tmp_path / "go"
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(zato_server.call, "/later", {"begun": str(begun), "go": str(go)})
        wait_for(begun.exists, "the slow request has begun")

        # When
        bring_in(zato_server, outgoing_rest=[connection(backends["B"])])
        second = zato_server.call("/call")
        bring_in(zato_server, outgoing_rest=[connection(backends["B"], is_active=False)])
        third = zato_server.call("/call")
        go.touch()

        # Then
        assert slow.result().json() == {"answer": "A"}
    assert second.json()["answer"] == "B"
    assert third.status_code == 500


@pytest.mark.parametrize("signal", ["kill9", "stop"])
def test_an_import_does_not_wait_for_a_server_that_is_gone(zato_server: ZatoServer, signal: str) -> None:
    # Given
    zato_server.start()
    getattr(zato_server, signal)()

    # When
    began = time.monotonic()
    bring_in(zato_server, outgoing_rest=[connection("http://127.0.0.1:1")])

    # Then
    assert time.monotonic() - began < 3
    zato_server.start()
    assert zato_server.info()["revision"] == 1


def test_an_import_finds_the_server_that_has_just_been_started(
    zato_server: ZatoServer, backends: dict[str, HTTPServer]
) -> None:
    zato_server.deploy(CALLING)
    for letter in "AB":
        # Given
        assert zato_server.start_in_background().returncode == 0

        # When
        bring_in(
            zato_server,
            channel_rest=[channel("tested.call", "/call")],
            outgoing_rest=[connection(backends[letter])],
        )

        # Then
        assert zato_server.call("/call").json()["answer"] == letter
        assert zato_server.zato("stop").returncode == 0


def test_an_import_of_many_files_at_once_serves_them_one_after_the_other(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start()
    files = []
    for number in range(4):
        files.append(zato_server.path.parent / f"{number}.json")
        files[-1].write_text(document(outgoing_rest=[connection(f"http://127.0.0.1:{free_port()}", str(number))]))

    def run(file: Path) -> Done:
        return zato_server.zato("enmasse", "--import", "--input", str(file))

    # When
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(run, files))

    # Then
    assert [each.returncode for each in done] == [0] * 4, [each.stderr for each in done]
    info = zato_server.info()
    assert (info["revision"], info["objects"]) == (4, 4)
