from __future__ import annotations

import logging

import pytest

from tests.zato.server.serving import Server, channel
from zato.common.exception import ZatoException
from zato.kinds.security.basic_auth import BasicAuth

HOOKS = """
    from zato.server.service import Service

    class Hooked(Service):
        name = "hooked"

        def note(self, what):
            self.environ.setdefault("order", []).append(what)
            if what in self.request.payload.get("fail", ()):
                raise ValueError(what)

        def accept(self):
            return self.request.payload.get("accept", True)

        def before_handle(self):
            self.note("before_handle")

        def validate_input(self):
            self.note("validate_input")

        def handle(self):
            self.note("handle")
            self.response.payload = self.environ.order

        def validate_output(self):
            self.note("validate_output")

        def after_handle(self):
            self.note("after_handle")

        def finalize_handle(self):
            self.note("finalize_handle")
            self.server.settings_seen = self.environ.order
"""
ORDER = ["before_handle", "validate_input", "handle", "validate_output", "after_handle", "finalize_handle"]


class TestHooks:
    def test_they_run_in_order(self, server: Server) -> None:
        server.deploy(HOOKS)
        assert server.runtime.invoke("hooked", {"a": 1}) == ORDER

    @pytest.mark.parametrize("hook", ["before_handle", "after_handle", "finalize_handle"])
    def test_a_failure_around_the_handler_is_logged_only(
        self, server: Server, hook: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.deploy(HOOKS)
        assert server.runtime.invoke("hooked", {"fail": [hook]}) == ORDER
        assert f"`{hook}` of hooked failed" in caplog.text

    @pytest.mark.parametrize(
        ("failing", "ran"),
        [
            ("validate_input", ["before_handle", "validate_input", "finalize_handle"]),
            ("handle", ["before_handle", "validate_input", "handle", "finalize_handle"]),
            ("validate_output", ["before_handle", "validate_input", "handle", "validate_output", "finalize_handle"]),
        ],
    )
    def test_other_failures_reach_the_caller(self, server: Server, failing: str, ran: list[str]) -> None:
        server.deploy(HOOKS)
        with pytest.raises(ValueError, match=failing):
            server.runtime.invoke("hooked", {"fail": [failing]})
        assert vars(server.runtime)["settings_seen"] == ran

    def test_what_is_not_accepted_gets_an_empty_answer(self, server: Server) -> None:
        server.deploy(HOOKS)
        server.configure(channel("hooked", "/a"))
        with server.http() as http:
            answer = http("POST", "/a", {"accept": False})
        assert answer.status_code == 400
        assert answer.content == b""


class TestInvoke:
    SERVICES = """
        from zato.common.exception import BadRequest
        from zato.server.service import Service

        class Target(Service):
            name = "target"

            def handle(self):
                self.response.payload = {
                    "payload": self.request.payload, "cid": self.cid, "channel": self.channel.type,
                    "same": self.request.payload is self.request.raw_request, "method": self.request.http.method,
                    "environ": self.wsgi_environ,
                }

        class Silent(Service):
            name = "silent"

            def handle(self):
                pass

        class Failing(Service):
            name = "failing"

            def handle(self):
                raise BadRequest(self.cid, "why", needs_msg=True)

        class Verbs(Service):
            name = "verbs"

            def handle_GET(self):
                self.response.payload = "got"

        class Caller(Service):
            name = "caller"

            def handle(self):
                self.response.payload = eval(self.request.payload["call"], {"self": self, "Target": Target})
    """

    def call(self, server: Server, expression: str) -> object:
        server.deploy(self.SERVICES)
        return server.runtime.invoke("caller", call=expression)

    def test_the_payload_is_the_very_object_or_the_keyword_arguments(self, server: Server) -> None:
        one, two = (self.call(server, text) for text in ("self.invoke('target', {'a': 1})", "self.invoke(Target, a=1)"))
        for found in (one, two):
            assert isinstance(found, dict)
            assert found["payload"] == {"a": 1}
            assert found["same"]
            assert (found["channel"], found["method"], found["environ"]) == ("invoke", None, {})

    def test_the_correlation_id_is_the_same(self, server: Server) -> None:
        assert self.call(server, "self.invoke('target')['cid'] == self.cid") is True
        found = self.call(server, "self.invoke('target', cid='mine')")
        assert isinstance(found, dict)
        assert found["cid"] == "mine"

    def test_what_answers_nothing_answers_an_empty_string(self, server: Server) -> None:
        assert self.call(server, "repr(self.invoke('silent'))") == "''"
        assert self.call(server, "repr(self.invoke('verbs'))") == "''"

    def test_results_come_as_bunches_or_text_on_demand(self, server: Server) -> None:
        assert self.call(server, "self.invoke('target', {'a': {'b': 1}}, as_bunch=True).payload.a.b") == 1
        assert '"a":1' in str(self.call(server, "self.invoke('target', {'a': 1}, serialize=True)"))

    def test_exceptions_of_the_service_reach_the_caller(self, server: Server) -> None:
        server.deploy(self.SERVICES)
        server.configure(channel("caller", "/a"))
        with server.http() as http:
            answer = http("POST", "/a", {"call": "self.invoke('failing')"})
        assert answer.status_code == 400
        assert answer.json()["details"] == "why"

    def test_an_unknown_service_is_a_key_error_that_names_the_nearest(self, server: Server) -> None:
        with pytest.raises(KeyError, match="no service `targte` is deployed; did you mean `target`"):
            self.call(server, "self.invoke('targte')")

    def test_a_service_does_not_invoke_itself(self, server: Server) -> None:
        with pytest.raises(ZatoException, match=r"A service cannot invoke itself, name:\[caller\]"):
            self.call(server, "self.invoke('caller')")


def test_a_service_without_a_handler_says_so(server: Server) -> None:
    server.deploy("from zato.server.service import Service\nclass Empty(Service):\n    name = 'empty'")
    with pytest.raises(NotImplementedError, match="Empty has no `handle` method"):
        server.runtime.invoke("empty")


def test_verbs_that_a_service_does_not_have_are_refused(server: Server) -> None:
    server.deploy(
        """
        from zato.server.service import Service

        class Verbs(Service):
            name = "verbs"

            def handle_POST(self):
                self.response.payload = "posted"

            def handle_GET(self):
                self.response.payload = "got"

            def handle_errors(self):
                "A helper, for no HTTP method."
        """
    )
    server.configure(channel("verbs", "/a"))
    with server.http() as http:
        assert http("GET", "/a").text == "got"
        assert http("POST", "/a").text == "posted"
        refused = http("DELETE", "/a")
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET, POST"
    assert refused.content == b""


def test_a_service_sees_its_request_its_channel_and_its_security(server: Server) -> None:
    # Given
    server.deploy(
        """
        from zato.common.api import CHANNEL, SEC_DEF_TYPE
        from zato.server.service import Service

        class Seeing(Service):
            name = "seeing"

            def handle(self):
                http, chan = self.request.http, self.chan
                assert chan is self.channel and self.out.rest is not None and self.request.input is None
                assert chan.type == CHANNEL.HTTP_SOAP and chan.security.type == SEC_DEF_TYPE.BASIC_AUTH
                self.response.payload = {
                    "cid": self.cid == self.request.cid, "data_format": [self.data_format, self.request.data_format],
                    "transport": self.transport, "method": http.method, "path": http.path, "GET": http.GET,
                    "params": http.params, "channel_params": self.request.channel_params, "agent": http.user_agent,
                    "header": http.headers["x-my"], "name": chan.name, "sec": chan.sec.to_dict(),
                    "environ": self.wsgi_environ["REQUEST_METHOD"], "server": self.server.name, "service": self.name,
                    "text": self.request.text.decode(), "impl": self.impl_name, "logger": self.logger.name,
                }
        """
    )
    server.configure(
        BasicAuth(name="my.basic", username="api", password="p"),
        channel("seeing", "/a/{b}", name="my.channel", security="my.basic"),
    )

    # When
    with server.http() as http:
        answer = http(
            "PUT", "/a/1?c=2&c=3&d=", b"[1]", auth=("api", "p"), headers={"X-My": "header", "User-Agent": "me"}
        )

    # Then
    assert answer.json() == {
        "cid": True, "data_format": ["json", "json"], "transport": "plain_http", "method": "PUT", "path": "/a/1",
        "GET": {"c": ["2", "3"], "d": ""}, "params": {"b": "1", "c": ["2", "3"], "d": ""},
        "channel_params": {"b": "1", "c": ["2", "3"], "d": ""}, "agent": "me", "header": "header",
        "name": "my.channel", "environ": "PUT", "server": "test-server", "service": "seeing", "text": "[1]",
        "sec": {"id": "security/my.basic", "name": "my.basic", "type": "basic_auth", "username": "api"},
        "impl": "tested.Seeing", "logger": "seeing",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"params": {"b": "query", "c": "1"}, "GET": {"b": "query", "c": "1"}}),
        ({"url_params_pri": "path-over-qs"}, {"params": {"b": "path"}, "GET": {"b": "query", "c": "1"}}),
        ({"merge_url_params_req": False}, {"params": {}, "GET": {}}),
    ],
)
def test_the_channel_says_which_parameters_services_see(
    server: Server, fields: dict[str, object], expected: dict[str, object]
) -> None:
    server.deploy(
        """
        from zato.server.service import Service

        class Tested(Service):
            name = "tested"

            def handle(self):
                self.response.payload = {"params": self.request.http.params, "GET": self.request.http.GET}
        """
    )
    server.configure(channel("tested", "/{b}", **fields))
    with server.http() as http:
        assert http("GET", "/path?b=query&c=1").json() == expected


def test_a_message_of_an_inbound_channel_runs_a_service(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server.deploy(
        """
        from zato.server.service import Service

        class Consuming(Service):
            name = "consuming"

            def handle(self):
                self.response.payload = [self.request.payload, self.channel.type, self.channel.name, self.request.amqp]

            def handle_GET(self):
                raise AssertionError("AMQP has no verbs")
        """
    )
    result = server.runtime.run_for_channel(
        "consuming", b"message", channel=channel("consuming", name="my.channel"), channel_type="amqp", extra={"amqp": 1}
    )
    assert result == [b"message", "amqp", "my.channel", 1]
    with pytest.raises(KeyError, match="no service `absent` is deployed"):
        server.runtime.run_for_channel("absent", b"", channel=channel("absent"), channel_type="amqp", extra={})
