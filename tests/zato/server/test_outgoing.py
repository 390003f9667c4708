from __future__ import annotations

from typing import Any

import pytest

from tests.servers.http_server import HTTPServer
from tests.zato.server.serving import Server
from zato.common.exception import Inactive
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.rest.outgoing import OutgoingREST

SERVICE = """
    from zato.server.service import Service

    class Tested(Service):
        name = "tested"

        def handle(self):
            {body}
"""


def run(server: Server, body: str) -> Any:
    server.deploy(SERVICE.format(body=body))
    return server.runtime.invoke("tested")


@pytest.fixture
def crm(server: Server) -> None:
    server.configure(
        OutgoingREST(name="CRM", host="http://127.0.0.1:1", url_path="/get-user"),
        OutgoingREST(name="Off", host="http://127.0.0.1:1", url_path="/", is_active=False),
    )


def test_a_connection_is_called_by_its_name(server: Server) -> None:
    with HTTPServer() as remote:
        remote.answer("/get-user", {"UserType": "RGV"})
        server.configure(OutgoingREST(name="CRM", host=remote.url, url_path="/get-user"))
        for container in ("self.out.rest['CRM']", "self.outgoing.plain_http.get(' CRM ')"):
            assert run(server, f"self.response.payload = {container}.conn.get(self.cid, {{'a': 1}}).data") == {
                "UserType": "RGV"
            }
        assert remote.last.query == [("a", "1")]


def test_an_unknown_name_is_a_key_error_that_names_the_nearest(server: Server, crm: None) -> None:
    with pytest.raises(KeyError, match="no `CRN` in outgoing_rest; did you mean `CRM`"):
        run(server, "self.out.rest['CRN']")
    with pytest.raises(KeyError, match=r"no `Something else` in outgoing_rest'$"):
        run(server, "self.out.rest['Something else']")


def test_get_gives_nothing_for_an_unknown_name(server: Server, crm: None) -> None:
    assert run(server, "self.response.payload = [self.out.rest.get('CRN'), self.out.rest.get('CRN', 5)]") == [None, 5]


def test_an_inactive_connection_is_refused_when_it_is_used(server: Server, crm: None) -> None:
    assert run(server, "self.response.payload = self.out.rest['Off'].name") == "Off"
    with pytest.raises(Inactive, match="`Off` is inactive"):
        run(server, "self.out.rest['Off'].conn")


def test_a_connection_shows_its_configuration(server: Server, crm: None) -> None:
    assert run(server, "c = self.out.rest['CRM'].config; self.response.payload = [c.host, c['url_path']]") == [
        "http://127.0.0.1:1",
        "/get-user",
    ]


class Recorder:
    """Stands in for a broker."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    def send(self, *args: Any, **kwargs: Any) -> None:
        self.sent.append(("send", args, kwargs))

    def invoke(self, *args: Any, **kwargs: Any) -> str:
        self.sent.append(("invoke", args, kwargs))
        return "published"

    def close(self) -> None:
        pass


class TestAMQP:
    @pytest.fixture
    def recorder(self, server: Server) -> Recorder:
        recorder = Recorder()
        on = OutgoingAMQP(name="Fraud", address="amqp://127.0.0.1/tutorial")
        off = OutgoingAMQP(name="Off", address="amqp://127.0.0.1/tutorial", is_active=False)
        server.configure(on, off, handles={("outgoing_amqp", "Fraud"): recorder})
        return recorder

    def test_messages_are_sent_through_the_connection(self, server: Server, recorder: Recorder) -> None:
        run(server, "self.out.amqp.send('data', 'Fraud', '/tutorial', 'api'); self.response.payload = self.cid")
        [(method, args, kwargs)] = recorder.sent
        assert (method, args) == ("send", ("data", "/tutorial", "api", None, None))
        assert list(kwargs) == ["cid"]

    def test_publishing_waits_and_takes_the_name_first(self, server: Server, recorder: Recorder) -> None:
        assert (
            run(
                server,
                "self.response.payload = self.out.amqp.publish('Fraud', 'data', routing_key='k', mandatory=True)",
            )
            == "published"
        )
        run(server, "self.out.amqp.invoke('data', 'Fraud', properties={'app_id': 'a'}, headers={'h': 1})")
        assert [(method, args) for method, args, _ in recorder.sent] == [
            ("invoke", ("data", "/", "k", None, None)),
            ("invoke", ("data", "/", None, {"app_id": "a"}, {"h": 1})),
        ]
        assert recorder.sent[0][2]["mandatory"] is True

    def test_unknown_and_inactive_connections_are_refused(self, server: Server, recorder: Recorder) -> None:
        with pytest.raises(KeyError, match="no `Fruad` in outgoing_amqp; did you mean `Fraud`"):
            run(server, "self.out.amqp.send('data', 'Fruad')")
        with pytest.raises(Inactive, match="`Off` is inactive"):
            run(server, "self.out.amqp.send('data', 'Off')")
