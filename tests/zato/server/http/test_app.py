from __future__ import annotations

import gc
import gzip
import io
import json
import logging
import re
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.servers.http_client import call
from tests.servers.waiting import wait_for
from tests.zato.server.serving import Client, Server, channel
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth
from zato.server.http.app import App
from zato.server.settings import Misc, Settings

CID = re.compile(r"[0-9a-f]{24}")

ECHO = """
    from zato.server.service import Service

    class Echo(Service):
        name = "echo"

        def handle(self):
            self.response.payload = {"got": self.request.payload, "raw": self.request.raw_request.decode("latin-1")}
"""

SERVICE = """
    from zato.common.exception import *
    from zato.server.service import Service

    class Tested(Service):
        name = "tested"

        def handle(self):
            {body}
"""


def test_every_answer_carries_a_correlation_id_of_its_own(server: Server) -> None:
    server.deploy(ECHO)
    server.configure(channel("echo", "/echo"))
    with server.http() as http:
        answers = [http("GET", "/echo"), http("GET", "/nowhere"), http("POST", "/echo", "{"), http("GET", "/zato/ping")]
    cids = [answer.headers["X-Zato-CID"] for answer in answers]
    assert all(CID.fullmatch(cid) for cid in cids)
    assert len(set(cids)) == len(cids)


def test_ping_answers_clients_of_3_2_and_of_4_x(server: Server) -> None:
    with server.http() as http:
        answer = http("GET", "/zato/ping")
    assert answer.status_code == 200
    assert answer.json() == {"is_ok": True, "pong": "zato", "cid": answer.headers["X-Zato-CID"]}


def test_ping_is_answered_though_a_channel_takes_every_path(server: Server) -> None:
    server.deploy(ECHO)
    server.configure(channel("echo", "/{rest}", match_slash=True))
    with server.http() as http:
        assert http("GET", "/zato/ping").json()["is_ok"]


def test_an_unknown_path_is_not_found(server: Server) -> None:
    with server.http() as http:
        answer = http("GET", "/nowhere?secret=1")
    assert answer.status_code == 404
    assert answer.text == f"URL not found (CID:{answer.headers['X-Zato-CID']})"


def test_a_channel_bound_to_other_methods_says_which(server: Server) -> None:
    server.deploy(ECHO)
    server.configure(channel("echo", "/a", name="1", method="PUT"), channel("echo", "/a", name="2", method="GET"))
    with server.http() as http:
        answer = http("POST", "/a")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, PUT"
    assert answer.text == f"Method not allowed (CID:{answer.headers['X-Zato-CID']})"


def test_an_inactive_channel_is_not_found_and_says_why(server: Server) -> None:
    server.deploy(ECHO)
    server.configure(channel("echo", "/a", is_active=False))
    with server.http() as http:
        answer = http("GET", "/a")
    assert answer.status_code == 404
    assert answer.json() == {
        "result": "Error",
        "cid": answer.headers["X-Zato-CID"],
        "details": "Channel inactive",
    }


def test_a_service_that_is_not_deployed_is_unavailable(server: Server) -> None:
    server.configure(channel("missing", "/a"))
    with server.http() as http:
        answer = http("GET", "/a")
    assert answer.status_code == 503
    assert answer.json() == {
        "result": "Error",
        "cid": answer.headers["X-Zato-CID"],
        "details": "Service unavailable",
    }


class TestSecurity:
    @pytest.fixture
    def http(self, server: Server) -> Client:
        server.deploy(ECHO)
        server.configure(
            BasicAuth(name="my.basic", username="api", password="s3cret-pässword", realm="my realm"),
            APIKey(name="my.key", password="k3y", header="X-My-Key"),
            BasicAuth(name="my.inactive", username="api", password="p", is_active=False),
            channel("echo", "/basic", name="1", security="my.basic"),
            channel("echo", "/key", name="2", security="my.key"),
            channel("echo", "/inactive", name="3", security="my.inactive"),
            channel("echo", "/raw", name="4", security="my.basic", data_format=""),
            channel("echo", "/group", name="5", groups=("my.group",)),
        )
        return Client("", None)  # type: ignore[arg-type]

    @pytest.mark.parametrize("credentials", [None, ("api", "wrong"), ("other", "s3cret-pässword"), ("api", "")])
    def test_without_the_right_credentials_basic_auth_is_challenged(
        self, server: Server, http: Client, credentials: tuple[str, str] | None
    ) -> None:
        with server.http() as call:
            answer = call("GET", "/basic", auth=credentials)
        cid = answer.headers["X-Zato-CID"]
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="my realm"'
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json() == {"result": "Error", "cid": cid, "details": f"Unauthorized; cid={cid}"}

    def test_the_right_credentials_get_in(self, server: Server, http: Client) -> None:
        with server.http() as call:
            assert call("GET", "/basic", auth=("api", "s3cret-pässword".encode())).status_code == 200
            assert call("GET", "/key", headers={"X-My-Key": "k3y"}).status_code == 200

    def test_a_wrong_api_key_is_refused_without_a_challenge(self, server: Server, http: Client) -> None:
        with server.http() as call:
            answer = call("GET", "/key", headers={"X-My-Key": "wrong"})
        assert answer.status_code == 401
        assert "WWW-Authenticate" not in answer.headers
        assert answer.json()["details"] == "401 Unauthorized"

    def test_a_channel_without_a_data_format_answers_in_plain_text(self, server: Server, http: Client) -> None:
        with server.http() as call:
            answer = call("GET", "/raw")
        assert answer.text == f"Unauthorized; cid={answer.headers['X-Zato-CID']}"

    @pytest.mark.parametrize(("path", "status"), [("/inactive", 401), ("/group", 403)])
    def test_nobody_gets_in_where_security_cannot_be_checked(
        self, server: Server, http: Client, path: str, status: int
    ) -> None:
        with server.http() as call:
            assert call("GET", path, auth=("api", "p")).status_code == status


class TestJSONBodies:
    @pytest.mark.parametrize(
        ("body", "details"),
        [
            (b"{'a': 1}", "Invalid JSON: object keys must be strings (byte 1)"),
            (b'{"a": 1} x', "Invalid JSON: trailing characters (byte 10)"),
            (b"[" * 100_000, "Invalid JSON: it is nested too deeply"),
            (b"[NaN]", "Invalid JSON: invalid character (byte 1)"),
            (b"Infinity", "Invalid JSON: invalid character (byte 0)"),
            (b"1e999", "Invalid JSON: Number out of range"),
            (b"9" * 5000, "Invalid JSON: Integer value out of range"),
            (b'"\\ud800"', "Invalid JSON: Input data was truncated"),
            (b'"\\udc00 and more"', "Invalid JSON: invalid utf-16 surrogate pair (byte 7)"),
            (b'"\xff"', "Invalid JSON: it is not UTF-8"),
            ('{"a": 1}'.encode("utf-16"), "Invalid JSON: invalid character (byte 0)"),
            (b" ", "Invalid JSON: Input data was truncated"),
        ],
    )
    def test_a_bad_one_is_refused_with_a_reason(self, server: Server, body: bytes, details: str) -> None:
        server.deploy(ECHO)
        server.configure(channel("echo", "/a"))
        with server.http() as http:
            answer = http("POST", "/a", body)
        assert answer.status_code == 400
        assert answer.json() == {"result": "Error", "cid": answer.headers["X-Zato-CID"], "details": details}

    @pytest.mark.parametrize(
        ("body", "payload"),
        [
            (b"", ""),
            (b'{"a": [1, 2.5, null, true, "\xc5\xbc"]}', {"a": [1, 2.5, None, True, "ż"]}),
            (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
            (b'{"a": 1, "a": 2}', {"a": 2}),
            (b'"text"', "text"),
            (b"9" * 30, int("9" * 30)),
            (b'{"__class__": "{0.__globals__}"}', {"__class__": "{0.__globals__}"}),
        ],
    )
    def test_a_good_one_is_the_payload(self, server: Server, body: bytes, payload: object) -> None:
        server.deploy(ECHO)
        server.configure(channel("echo", "/a"))
        with server.http() as http:
            for method in ("POST", "GET"):
                answer = http(method, "/a", body)
                assert answer.status_code == 200
                assert answer.json() == {"got": payload, "raw": body.decode("latin-1")}

    @pytest.mark.parametrize("content_type", ["application/json; charset=utf-7", 'text/json; charset="iso-8859-2"'])
    def test_another_charset_is_not_supported(self, server: Server, content_type: str) -> None:
        server.deploy(ECHO)
        server.configure(channel("echo", "/a"))
        with server.http() as http:
            answer = http("POST", "/a", b"{}", headers={"Content-Type": content_type})
            accepted = http("POST", "/a", b"{}", headers={"Content-Type": "application/json; charset=UTF-8"})
        assert answer.status_code == 415
        assert answer.json()["details"] == "JSON is read as UTF-8 only"
        assert accepted.status_code == 200

    def test_a_compressed_one_is_not_supported(self, server: Server) -> None:
        server.deploy(ECHO)
        server.configure(channel("echo", "/a"))
        with server.http() as http:
            answer = http("POST", "/a", gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 415


class TestOtherBodies:
    def test_without_a_data_format_they_stay_bytes(self, server: Server) -> None:
        server.deploy(SERVICE.format(body="self.response.payload = type(self.request.payload).__name__"))
        server.configure(channel("tested", "/a", data_format=""))
        with server.http() as http:
            assert http("POST", "/a", b"{bad json\xff").text == "bytes"

    def test_forms_are_dicts(self, server: Server) -> None:
        server.deploy(SERVICE.format(body="self.response.payload = self.request.payload"))
        server.configure(channel("tested", "/a", data_format="form"))
        with server.http() as http:
            answer = http(
                "POST", "/a", "a=1&b=2&b=&c=%C5%BC", headers={"Content-Type": "application/x-www-form-urlencoded"}
            )
        assert answer.json() == {"a": "1", "b": ["2", ""], "c": "ż"}


class TestResponses:
    @pytest.mark.parametrize(
        ("data_format", "payload", "body", "content_type"),
        [
            ("json", "{'a': [1, (2, 3)]}", b'{"a":[1,[2,3]]}', "application/json"),
            ("json", "[{'a': None}]", b'[{"a":null}]', "application/json"),
            ("json", "'{as: it is}'", b"{as: it is}", "application/json"),
            ("json", "b'\\xff\\xfe'", b"\xff\xfe", "application/json"),
            ("json", "123", b"123", "application/json"),
            ("json", "True", b"true", "application/json"),
            ("json", "'ż'", "ż".encode(), "application/json"),
            ("json", "type('Text', (str,), {})('text')", b"text", "application/json"),
            ("json", "[type('M', (), {'to_dict': lambda self: {'a': 1}})()]", b'[{"a":1}]', "application/json"),
            ("json", "None", b"", "application/json"),
            ("json", "{}", b"", "application/json"),
            ("json", "{'a': __import__('datetime').date(2024, 2, 29)}", b'{"a":"2024-02-29"}', "application/json"),
            ("json", "{None: 10 ** 30}", b'{"null":1000000000000000000000000000000}', "application/json"),
            ("", "'text'", b"text", "text/plain"),
            ("", "{'a': 1}", b'{"a":1}', "application/json"),
            ("form", "[1]", b"[1]", "application/json"),
        ],
    )
    def test_payloads_are_sent_as_the_table_says(
        self, server: Server, data_format: str, payload: str, body: bytes, content_type: str
    ) -> None:
        server.deploy(SERVICE.format(body=f"self.response.payload = {payload}"))
        server.configure(channel("tested", "/a", data_format=data_format))
        with server.http() as http:
            answer = http("GET", "/a")
        assert answer.status_code == 200
        assert answer.content == body
        assert answer.headers["Content-Type"] == content_type

    def test_the_channel_may_say_the_content_type_and_the_service_has_the_last_word(self, server: Server) -> None:
        server.deploy(SERVICE.format(body="self.response.payload = 'x'"))
        server.deploy(
            """
            from zato.server.service import Service

            class Other(Service):
                name = 'other'
                def handle(self):
                    self.response.payload = 'x'
                    self.response.content_type = 'text/csv'
            """,
            "other.py",
        )
        server.configure(
            channel("tested", "/a", content_type="text/x-mine"), channel("other", "/b", content_type="text/x-mine")
        )
        with server.http() as http:
            assert http("GET", "/a").headers["Content-Type"] == "text/x-mine"
            assert http("GET", "/b").headers["Content-Type"] == "text/csv"

    def test_a_head_request_gets_no_body(self, server: Server) -> None:
        server.deploy(SERVICE.format(body="self.response.payload = 'x' * 10"))
        server.configure(channel("tested", "/a"))
        with server.http() as http:
            answer = http("HEAD", "/a")
            assert answer.headers["Content-Length"] == "10"
            assert answer.content == b""
            assert http("GET", "/a").text == "x" * 10

    def test_no_content_has_none(self, server: Server) -> None:
        server.deploy(SERVICE.format(body="self.response.payload = 'x'; self.response.status_code = 204"))
        server.configure(channel("tested", "/a"))
        with server.http() as http:
            answer = http("DELETE", "/a")
        assert answer.status_code == 204
        assert answer.content == b""
        assert "Content-Length" not in answer.headers

    def test_gzip_is_done_unless_the_payload_is_compressed_already(self, server: Server) -> None:
        server.deploy(
            """
            import gzip
            from zato.server.service import Service

            class Compressed(Service):
                name = "tested"

                def handle_GET(self):
                    self.response.content_encoding = "gzip"
                    self.response.payload = "x" * 1000

                def handle_POST(self):
                    self.response.content_encoding = "gzip"
                    self.response.payload = gzip.compress(b"x" * 1000)
            """
        )
        server.configure(channel("tested", "/a"))
        with server.http() as http:
            for method in ("GET", "POST"):
                answer = http(method, "/a")
                assert answer.headers["Content-Encoding"] == "gzip"
                assert int(answer.headers["Content-Length"]) < 100
                assert answer.text == "x" * 1000

    @pytest.mark.parametrize(
        "body",
        [
            "self.response.headers['X-My'] = 'a\\r\\nSet-Cookie: b'",
            "self.response.headers['X-My\\n'] = 'a'",
            "self.response.headers['X My'] = 'a'",
            "self.response.content_type = 'a\\nb'",
            "self.response.content_encoding = 'a\\nb'",
            "self.response.status_code = 99",
            "self.response.status_code = 'good'",
            "self.response.payload = {'a': object()}",
            "self.response.payload = object()",
            "self.response.payload = '\\ud800'",
            "raise SystemExit(1)",
            "raise KeyboardInterrupt",
            "raise GeneratorExit",
            "raise __import__('asyncio').CancelledError",
            "raise type('Odd', (BaseException,), {'__str__': lambda self: 1})(object())",
            "raise RecursionError",
        ],
    )
    def test_what_cannot_be_sent_is_an_error_of_the_service(
        self, server: Server, body: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.deploy(SERVICE.format(body=body))
        server.configure(channel("tested", "/a"))
        with server.http() as http:
            answer = http("GET", "/a")
        cid = answer.headers["X-Zato-CID"]
        assert answer.status_code == 500
        assert answer.json() == {"result": "Error", "cid": cid, "details": "An error has occurred"}
        assert "Set-Cookie" not in answer.headers
        assert any(cid in record.getMessage() and record.exc_info for record in caplog.records)

    def test_headers_of_the_service_are_sent_but_for_those_that_are_the_servers(self, server: Server) -> None:
        server.deploy(
            """
            from zato.server.service import Service

            class Tested(Service):
                name = "tested"

                def handle(self):
                    self.response.headers = {
                        "X-Number": 5, "X-Text": "ż", "Content-Length": "1000", "Transfer-Encoding": "chunked",
                        "content-type": "text/x-mine", "X-Zato-CID": "mine", "Connection": "close",
                    }
                    self.response.payload = "abc"
            """
        )
        server.configure(channel("tested", "/a"))
        with server.http() as http:
            answer = http("GET", "/a")
        assert answer.text == "abc"
        assert answer.headers["X-Number"] == "5"
        assert answer.headers["X-Text"].encode("latin-1").decode() == "ż"
        assert answer.headers["Content-Length"] == "3"
        assert answer.headers["Content-Type"] == "text/x-mine"
        assert CID.fullmatch(answer.headers["X-Zato-CID"])
        assert "Transfer-Encoding" not in answer.headers


class TestExceptions:
    @pytest.mark.parametrize(
        ("raised", "status", "details"),
        [
            ("BadRequest(self.cid, 'why')", 400, "Bad request"),
            ("BadRequest(self.cid, 'why', needs_msg=True)", 400, "why"),
            ("Unauthorized(self.cid, 'why', 'My challenge')", 401, "why"),
            ("Forbidden(self.cid)", 403, "You are not allowed to access this resource"),
            ("NotFound(self.cid, 'why')", 404, "why"),
            ("MethodNotAllowed(self.cid, 'why')", 405, "why"),
            ("Conflict(self.cid, 'why')", 409, "why"),
            ("TooManyRequests(self.cid, 'why')", 429, "why"),
            ("InternalServerError(self.cid)", 500, "Internal server error"),
            ("ServiceUnavailable(self.cid, 'why')", 503, "why"),
            ("Exception('my secret')", 500, "An error has occurred"),
            ("KeyError('my secret')", 500, "An error has occurred"),
            ("Inactive('my secret')", 500, "An error has occurred"),
        ],
    )
    def test_each_has_its_status(
        self, server: Server, raised: str, status: int, details: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        caplog.set_level(logging.INFO)
        server.deploy(SERVICE.format(body=f"self.response.headers['X-My'] = 'kept'; raise {raised}"))
        server.configure(channel("tested", "/json"), channel("tested", "/plain", name="plain", data_format=""))

        # When
        with server.http() as http:
            answer, plain = http("GET", "/json"), http("GET", "/plain")

        # Then
        cid = answer.headers["X-Zato-CID"]
        assert answer.status_code == plain.status_code == status
        assert answer.json() == {"result": "Error", "cid": cid, "details": details}
        assert answer.headers["Content-Type"] == "application/json"
        assert plain.text == details
        assert answer.headers["X-My"] == "kept"
        assert answer.headers.get("WWW-Authenticate") == ("My challenge" if status == 401 else None)
        assert "my secret" not in answer.text + plain.text
        assert any(cid in record.getMessage() for record in caplog.records)

    def test_details_are_shown_where_the_settings_say_so(self, server: Server) -> None:
        server.runtime.settings = Settings(misc=Misc(return_tracebacks=True))
        server.deploy(SERVICE.format(body="raise ValueError('why', 5)"))
        server.configure(channel("tested", "/a"))
        with server.http() as http:
            assert http("GET", "/a").json()["details"] == ["why", "5"]


class TestPaths:
    def test_parameters_reach_the_service(self, server: Server) -> None:
        server.deploy(SERVICE.format(body="self.response.payload = self.request.http.params"))
        server.configure(channel("tested", "/customer/{cust_id}/order/{order_id}"))
        with server.http() as http:
            assert http("GET", "/customer/1%20a/order/2?x=3&x=4").json() == {
                "cust_id": "1 a",
                "order_id": "2",
                "x": ["3", "4"],
            }

    def test_a_trailing_slash_makes_another_path(self, server: Server) -> None:
        server.deploy(ECHO)
        server.configure(channel("echo", "/a"))
        with server.http() as http:
            assert http("GET", "/a/").status_code == 404

    def test_text_beyond_ascii_is_utf8(self, server: Server) -> None:
        server.deploy(SERVICE.format(body="self.response.payload = self.request.http.path"))
        server.configure(channel("tested", "/zażółć"))
        with server.http() as http:
            assert http("GET", "/zażółć").content.decode() == "/zażółć"
            assert http("GET", "/za%FF").status_code in {400, 404}

    @pytest.mark.parametrize("target", ["/a%2Fb", "/a%2fb?c"])
    def test_an_encoded_slash_is_no_separator(self, server: Server, target: str) -> None:
        server.deploy(ECHO)
        server.configure(channel("echo", "/a/b"))
        with server.http() as http:
            port = int(http.url.rpartition(":")[2])
            [answer] = call(port, f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            [as_value] = call(port, b"GET /a/b?c=%2F HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert answer.status in {400, 404}
        assert as_value.status == 200


def test_no_request_keeps_its_world_alive(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    # Given
    caplog.set_level(logging.CRITICAL)  # a record of a failure holds its stack
    server.deploy(
        """
        from zato.server.service import Service

        class Tested(Service):
            name = "tested"

            def handle(self):
                self.mine = self.request
                connections = self.out.rest
                if self.request.payload:
                    raise ValueError(connections)
        """
    )
    server.configure(channel("tested", "/a"))
    world = weakref.ref(server.runtime.world)
    gc.disable()
    try:
        # When
        with server.http() as http:
            for method, path, body in (
                ("GET", "/a", ""),
                ("POST", "/a", "[1]"),
                ("POST", "/a", "{"),
                ("GET", "/b", ""),
            ):
                http(method, path, body)
            caplog.clear()  # it holds tracebacks
            server.configure(channel("tested", "/a"))

            # Then
            wait_for(lambda: world() is None, "the old world is gone")
    finally:
        gc.enable()


def test_a_request_keeps_to_the_world_that_it_began_in(server: Server) -> None:
    # Given
    begun, switched = threading.Event(), threading.Event()
    server.deploy(
        """
        from zato.server.service import Service

        class Tested(Service):
            name = "tested"

            def handle(self):
                first = self.out.rest["CRM"].config.host
                self.server.begun.set()
                assert self.server.switched.wait(10)
                self.response.payload = [first, self.out.rest["CRM"].config.host, self.invoke("child")]

        class Child(Service):
            name = "child"

            def handle(self):
                self.response.payload = self.out.rest["CRM"].config.host
        """
    )
    vars(server.runtime).update(begun=begun, switched=switched)
    server.configure(channel("tested", "/a"), OutgoingREST(name="CRM", host="http://a", url_path="/"))
    with server.http() as http, ThreadPoolExecutor(1) as pool:
        # When
        answer = pool.submit(http, "GET", "/a")
        assert begun.wait(10)
        server.configure(channel("tested", "/a"), OutgoingREST(name="CRM", host="http://b", url_path="/"))
        switched.set()

        # Then
        assert answer.result().json() == ["http://a"] * 3
        assert http("GET", "/a").json() == ["http://b"] * 3


class TestWithoutTheListener:
    """What the listener refuses by itself; other WSGI servers pass it on."""

    def answer(self, server: Server, **environ: Any) -> tuple[str, dict[str, str], bytes]:
        started: list[Any] = []
        given = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": io.BytesIO(), **environ}
        [body] = App(server.runtime)(given, lambda *args: started.extend(args))
        return started[0], dict(started[1]), body

    def test_an_unknown_method_is_not_allowed(self, server: Server) -> None:
        status, headers, body = self.answer(server, REQUEST_METHOD="BREW")
        assert status == "405 Method Not Allowed"
        assert headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
        assert json.loads(body) == {
            "result": "Error",
            "cid": headers["X-Zato-CID"],
            "details": "Unsupported HTTP method",
        }

    def test_a_path_that_is_not_utf8_is_bad(self, server: Server) -> None:
        status, headers, body = self.answer(server, PATH_INFO="/\xff")
        assert status == "400 Bad Request"
        assert body == f"The path is not UTF-8 (CID:{headers['X-Zato-CID']})".encode()

    def test_a_failure_of_the_application_itself_is_logged_and_answered(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.deploy(ECHO)
        server.configure(channel("echo"))
        vars(server.runtime)["services"] = None
        status, headers, body = self.answer(server)
        assert status == "500 Internal Server Error"
        assert body == b"An error has occurred"
        assert f"The request could not be answered (CID:{headers['X-Zato-CID']})" in caplog.text


def test_a_status_without_a_name_is_sent(server: Server) -> None:
    server.deploy(SERVICE.format(body="self.response.status_code = 299"))
    server.configure(channel("tested", "/a"))
    with server.http() as http:
        answer = http("GET", "/a")
    assert (answer.status_code, answer.reason) == (299, "Unknown")
