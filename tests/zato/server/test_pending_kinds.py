"""What happens to those who name an object that is kept and cannot be used yet."""

from __future__ import annotations

import pytest

from tests.zato.server.serving import Server, channel
from zato.errors import NotUsableYet
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.bearer_token import BearerToken
from zato.kinds.security.ntlm import NTLM
from zato.kinds.soap.channel import ChannelSOAP
from zato.kinds.soap.outgoing import OutgoingSOAP
from zato.server.pinging import ping

ECHO = """
    from zato.server.service import Service

    class Echo(Service):
        name = "echo"

        def handle(self):
            self.response.payload = "x"
"""
TOKEN = BearerToken(name="Token", static_token="t0ken")
WINDOWS = NTLM(name="Windows", username="u", password="p")


@pytest.mark.parametrize("authorization", ["", "Bearer t0ken", "bearer t0ken", "Basic OnQwa2Vu"])
def test_a_channel_that_names_such_a_definition_refuses_everyone(server: Server, authorization: str) -> None:
    server.deploy(ECHO)
    server.configure(TOKEN, channel("echo", "/a", security="Token"))
    with server.http() as http:
        assert http("GET", "/a", headers={"Authorization": authorization}).status_code == 401


def test_a_connection_that_names_such_a_definition_fails_when_it_is_used(server: Server) -> None:
    # Given
    server.configure(
        WINDOWS,
        OutgoingREST(name="CRM", host="http://127.0.0.1:1", url_path="/", security="Windows"),
        OutgoingREST(name="Open", host="http://127.0.0.1:1", url_path="/"),
    )
    world = server.runtime.world

    # Then
    for _ in range(2):
        with pytest.raises(NotUsableYet, match="`security` of type `ntlm` cannot be used yet: Windows") as failure:
            world.handle("outgoing_rest", "CRM")
        assert len(failure.traceback) == 2
    assert world.handle("outgoing_rest", "Open") is not None


def test_a_soap_connection_says_that_it_cannot_be_used(server: Server) -> None:
    server.configure(OutgoingSOAP(name="Bank", host="http://127.0.0.1:1", url_path="/"))
    [pinged] = ping(server.runtime.world, ["Bank"])
    assert not pinged.ping.ok
    assert pinged.ping.detail == "`outgoing_soap` cannot be used yet: Bank"


def test_nothing_answers_at_the_path_of_a_soap_channel(server: Server) -> None:
    server.deploy(ECHO)
    server.configure(ChannelSOAP(name="A", service="echo", url_path="/a"))
    with server.http() as http:
        assert http("POST", "/a", b"<a/>").status_code == 404
