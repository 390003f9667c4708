from __future__ import annotations

from typing import Any

from zato.kinds.rest.channel import ChannelREST
from zato.kinds.security.basic_auth import BasicAuth, BasicAuthHandle
from zato.server.http.router import Router


def test_a_channel_describes_itself_and_its_security_to_services() -> None:
    definition = BasicAuth(name="my.basic", username="api", password="p")
    handle: Any = BasicAuthHandle(definition)
    tested = Router([ChannelREST(name="1", service="my.service", url_path="/a", security="my.basic")], lambda _: handle)
    found = tested.match("GET", "/a", "")
    assert found is not None
    info = found[0].info
    assert (info.name, info.type, info.data_format, info.is_internal) == ("1", "http-soap", "json", False)
    assert info.sec is info.security
    assert info.security.to_dict() == {
        "id": "security/my.basic",
        "name": "my.basic",
        "type": "basic_auth",
        "username": "api",
    }
