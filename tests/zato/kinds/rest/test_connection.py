"""What services call systems with. The listings are those of the seeds: what they type must do what they say."""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
import requests

from tests.servers.http_server import Answer, HTTPServer, Request
from tests.zato.kinds.rest.conftest import Open
from zato.common.exception import BadRequest, TimeoutException, ZatoException
from zato.kinds.rest.errors import CallTimeout, InvalidHeader, PathParametersError
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth, BasicAuthHandle

CID = "abc123"
CANARY = "canary-5f1e"


def basic_auth(password: str = CANARY) -> BasicAuthHandle:
    return BasicAuthHandle(BasicAuth(name="CRM user", username="api", password=password))


class TestListings:
    """Each call of the seeds' listings."""

    def test_the_tutorial_asks_the_crm_by_query_string(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer("/get-user", {"UserType": "RGV", "AccountNumber": "123456"})
        conn = open_handle("/get-user").conn

        crm_response = conn.get(CID, {"UserName": "my.user"})

        assert crm_response.data == {"UserType": "RGV", "AccountNumber": "123456"}
        assert server.last.method == "GET"
        assert server.last.target == "/get-user?UserName=my.user"
        assert server.last.body == b""

    def test_the_tutorial_asks_payments_with_a_post_without_a_body(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer("/balance/get", {"ACC_BALANCE": "357.9"})
        conn = open_handle("/balance/get").conn

        response = conn.post(CID, params={"USER": "my.user"})

        assert response.data == {"ACC_BALANCE": "357.9"}
        assert server.last.method == "POST"
        assert server.last.target == "/balance/get?USER=my.user"
        assert server.last.body == b""

    def test_billing_information_goes_to_the_path_the_query_string_the_body_and_the_headers(
        self, server: HTTPServer, open_handle: Open
    ) -> None:
        payload = {"billing": "395.7", "currency": "EUR"}
        params = {"cust_id": "39175", "phone_no": "271637517", "priority": "normal"}
        headers = {"X-App-Name": "Zato", "X-Environment": "Production"}
        conn = open_handle("/api/billing/{phone_no}").conn

        conn.post(CID, payload, params, headers=headers)

        assert server.last.target == "/api/billing/271637517?cust_id=39175&priority=normal"
        assert server.last.json == payload
        assert server.last.headers["X-App-Name"] == "Zato"
        assert server.last.headers["X-Environment"] == "Production"
        assert params == {"cust_id": "39175", "phone_no": "271637517", "priority": "normal"}

    def test_orders_of_a_customer_need_a_path_parameter(self, server: HTTPServer, open_handle: Open) -> None:
        conn = open_handle("/customers/{customer_id}/orders").conn

        conn.get(CID, params={"customer_id": "12345", "status": "pending"})

        assert server.last.target == "/customers/12345/orders?status=pending"

    def test_a_dict_is_posted_as_json(self, server: HTTPServer, open_handle: Open) -> None:
        payload = {"customer_id": "12345", "items": [{"sku": "ABC-001", "quantity": 2}]}

        open_handle().conn.post(CID, payload)

        assert server.last.json == payload
        assert server.last.headers["Content-Type"] == "application/json"

    def test_a_text_is_posted_as_it_is(self, server: HTTPServer, open_handle: Open) -> None:
        response = open_handle().conn.post(CID, '{"cust_id": 1, "name": "Foo Bar"}')

        assert server.last.body == b'{"cust_id": 1, "name": "Foo Bar"}'
        assert response.headers["content-type"] == "application/json"
        assert response.text == "{}"

    def test_parameters_of_a_get_may_be_numbers(self, server: HTTPServer, open_handle: Open) -> None:
        open_handle().conn.get(CID, {"id": 1, "type_id": 2})

        assert server.last.query == [("id", "1"), ("type_id", "2")]

    @pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR])
    def test_no_status_raises(self, server: HTTPServer, open_handle: Open, status: HTTPStatus) -> None:
        server.answer(body={"status": status}, status=status)

        response = open_handle().conn.get(CID)

        assert response.status_code == status
        assert response.data == {"status": status}

    def test_a_status_can_be_looked_at_before_data_that_are_not_json(
        self, server: HTTPServer, open_handle: Open
    ) -> None:
        server.answer(body=b"<h1>Not found</h1>", status=404, headers={"Content-Type": "text/html"})

        assert open_handle().conn.get(CID).status_code == HTTPStatus.NOT_FOUND

    @pytest.mark.parametrize("method", ["get", "delete", "options", "head"])
    def test_the_second_argument_of_these_methods_is_params(
        self, server: HTTPServer, open_handle: Open, method: str
    ) -> None:
        getattr(open_handle().conn, method)(CID, {"user_id": "123"}, data="a body")

        assert server.last.method == method.upper()
        assert server.last.query == [("user_id", "123")]
        assert server.last.body == b"a body"

    @pytest.mark.parametrize(
        ("method", "sent"), [("post", "POST"), ("send", "POST"), ("put", "PUT"), ("patch", "PATCH")]
    )
    def test_the_second_argument_of_these_methods_is_data(
        self, server: HTTPServer, open_handle: Open, method: str, sent: str
    ) -> None:
        getattr(open_handle().conn, method)(CID, {"user_id": "123"}, {"a": "b"})

        assert server.last.method == sent
        assert server.last.json == {"user_id": "123"}
        assert server.last.query == [("a", "b")]

    def test_a_method_can_be_given_by_name(self, server: HTTPServer, open_handle: Open) -> None:
        open_handle().conn.http_request("PUT", CID, {"a": 1}, {"b": 2})

        assert (server.last.method, server.last.json, server.last.query) == ("PUT", {"a": 1}, [("b", "2")])

    def test_an_unknown_argument_is_refused(self, open_handle: Open) -> None:
        with pytest.raises(TypeError, match="retires"):
            open_handle().conn.get(CID, retires=3)

    def test_the_session_calls_anything_else_with_the_same_network_connections(
        self, server: HTTPServer, open_handle: Open
    ) -> None:
        conn = open_handle(security=basic_auth()).conn
        conn.get(CID)

        response = conn.session.get(conn.address, auth=conn.auth)

        assert response.status_code == HTTPStatus.OK
        assert server.last.headers["Authorization"].startswith("Basic ")
        assert server.connections == 1


class TestAttributes:
    def test_a_connection_says_where_it_leads(self, server: HTTPServer, open_handle: Open) -> None:
        conn = open_handle("/a/{b}/{c}").conn

        assert conn.address == f"{server.url}/a/{{b}}/{{c}}"
        assert conn.path_params == ["b", "c"]
        assert conn.config.name == "CRM"

    def test_auth_is_that_of_basic_auth_only(self, open_handle: Open) -> None:
        key = APIKey(name="key", password="k").open(None)  # type: ignore[arg-type]  # it asks for nothing

        assert open_handle(security=basic_auth()).conn.auth == ("api", CANARY)
        assert open_handle(security=key).conn.auth is None
        assert open_handle().conn.auth is None

    def test_a_slash_at_the_end_of_the_host_is_not_doubled(self, server: HTTPServer, open_handle: Open) -> None:
        open_handle("/x", host=f"{server.url}/base/").conn.get(CID)

        assert server.last.target == "/base/x"

    def test_a_host_without_a_path_is_called_at_its_root(self, server: HTTPServer, open_handle: Open) -> None:
        open_handle("").conn.get(CID, {"a": 1})

        assert server.last.target == "/?a=1"


class TestPath:
    """Parameters in paths and query strings; see test_template.py for the details."""

    def test_values_are_encoded_whole(self, server: HTTPServer, open_handle: Open) -> None:
        open_handle("/a/{x}/b").conn.get(CID, {"x": "../?#/żółw", "y": "ż&=", "z": [1, 2]})

        assert server.last.target == (
            "/a/..%2F%3F%23%2F%C5%BC%C3%B3%C5%82w/b?y=%C5%BC%26%3D&z=1&z=2"
        )  # fmt: skip

    @pytest.mark.parametrize("value", [".", ".."])
    def test_a_part_of_the_path_is_never_a_directory(self, server: HTTPServer, open_handle: Open, value: str) -> None:
        with pytest.raises(PathParametersError, match=r"may not be `\.` or `\.\.`"):
            open_handle("/a/{x}/b").conn.get(CID, {"x": value})

        assert server.requests == []

    @pytest.mark.parametrize("params", [None, {}, {"a": 1, "c": ""}, {"a": 1, "c": None}])
    def test_missing_parameters_are_named(
        self, server: HTTPServer, open_handle: Open, params: dict[str, Any] | None
    ) -> None:
        conn = open_handle("/x/{b}/{c}").conn

        with pytest.raises(PathParametersError) as caught:
            conn.get(CID, params)

        assert caught.value.msg == "`CRM`: /x/{b}/{c}: missing parameters: b, c"
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, BadRequest)
        assert caught.value.cid == CID
        assert server.requests == []


class TestHeaders:
    def test_a_call_says_for_whom_from_where_and_when_it_is_made(self, server: HTTPServer, open_handle: Open) -> None:
        before = datetime.now(UTC).replace(tzinfo=None)

        open_handle().conn.get(CID)

        headers = server.last.headers
        thread = threading.current_thread().name
        assert headers["X-Zato-CID"] == CID
        assert headers["X-Zato-Component"] == f"parallel/server1/{socket.gethostname()}/{os.getpid()}/{thread}"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", headers["X-Zato-Msg-TS"])
        assert before <= datetime.fromisoformat(headers["X-Zato-Msg-TS"])
        assert headers["Content-Type"] == "application/json"
        assert headers["User-Agent"].startswith("python-requests/")

    def test_credentials_are_added(self, server: HTTPServer, open_handle: Open) -> None:
        open_handle(security=basic_auth("pass")).conn.get(CID)

        assert server.last.headers["Authorization"] == "Basic YXBpOnBhc3M="

    def test_the_callers_headers_take_precedence_in_any_case(self, server: HTTPServer, open_handle: Open) -> None:
        conn = open_handle(security=basic_auth()).conn

        conn.get(CID, headers={"authorization": "Bearer x", "x-zato-cid": "other", "USER-AGENT": b"me", "X-Number": 3})

        assert server.last.headers.get_all("Authorization") == ["Bearer x"]
        assert server.last.headers.get_all("X-Zato-CID") == ["other"]
        assert server.last.headers.get_all("User-Agent") == ["me"]
        assert server.last.headers["X-Number"] == "3"

    def test_none_leaves_a_header_out(self, server: HTTPServer, open_handle: Open) -> None:
        open_handle().conn.get(CID, headers={"accept": None, "X-None": None, "x-zato-cid": None, "content-type": None})

        assert not {"Accept", "X-Zato-CID", "Content-Type"} & set(server.last.headers)
        assert "X-None" not in server.last.headers

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-A": "b\r\nX-Evil: 1"},
            {"X-A": "b\n"},
            {"X-A": "b\r\n folded"},
            {"X-A": "b\x00"},
            {"X-A": "żółw"},
            {"X-A\r\nX-Evil": "1"},
            {"X A": "1"},
            {"": "1"},
        ],
    )
    def test_headers_that_would_break_the_request_are_refused(
        self, server: HTTPServer, open_handle: Open, headers: dict[str, str]
    ) -> None:
        with pytest.raises(InvalidHeader, match=r"`CRM`: the header .* cannot be sent") as caught:
            open_handle().conn.get(CID, headers=headers)

        assert isinstance(caught.value, requests.exceptions.InvalidHeader)
        assert server.requests == []

    def test_a_correlation_id_cannot_break_the_request_either(self, server: HTTPServer, open_handle: Open) -> None:
        with pytest.raises(InvalidHeader, match="X-Zato-CID"):
            open_handle().conn.get("a\r\nX-Evil: 1")

        assert server.requests == []

    def test_a_thread_may_have_any_name(self, server: HTTPServer, open_handle: Open) -> None:
        conn = open_handle().conn

        thread = threading.Thread(target=conn.get, args=(CID,), name="żółw\r\nX-Evil: 1")
        thread.start()
        thread.join()

        assert server.last.headers["X-Zato-Component"].endswith("/___w__X-Evil: 1")
        assert "X-Evil" not in server.last.headers


class TestRedirects:
    def test_a_redirect_to_the_same_host_is_followed(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer("/get-user", status=302, headers={"Location": "/new?a=1"})
        server.answer("/new", {"new": True})

        response = open_handle(security=basic_auth()).conn.get(CID)

        assert response.data == {"new": True}
        assert [r.status_code for r in response.history] == [302]
        assert server.last.target == "/new?a=1"
        assert server.last.headers["Authorization"]

    @pytest.mark.parametrize(
        ("status", "method", "then", "body"),
        [
            (301, "POST", "GET", b""),
            (302, "POST", "GET", b""),
            (303, "PUT", "GET", b""),
            (303, "HEAD", "HEAD", b""),
            (307, "POST", "POST", b'{"a":1}'),
            (308, "PUT", "PUT", b'{"a":1}'),
            (302, "PUT", "PUT", b'{"a":1}'),
        ],
    )
    def test_the_method_is_that_of_the_standard(
        self, server: HTTPServer, open_handle: Open, *, status: int, method: str, then: str, body: bytes
    ) -> None:
        server.answer("/get-user", status=status, headers={"Location": "new"})

        open_handle().conn.http_request(method, CID, {"a": 1} if method != "HEAD" else "")

        assert (server.last.path, server.last.method, server.last.body) == ("/new", then, body)

    def test_a_redirect_to_another_host_is_returned(self, server: HTTPServer, open_handle: Open) -> None:
        with HTTPServer() as other:
            for location in (
                other.url,
                f"//127.0.0.1:{other.port}/",
                server.url.replace("http", "https"),
                "ftp://x/",
                "http://[",
            ):
                server.answer("/get-user", status=307, headers={"Location": location})

                response = open_handle(security=basic_auth()).conn.post(CID, {"a": 1})

                assert response.status_code == HTTPStatus.TEMPORARY_REDIRECT
            assert other.requests == []

    def test_a_loop_ends_after_five(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer("/get-user", status=302, headers={"Location": "/get-user"})

        response = open_handle().conn.get(CID)

        assert response.status_code == HTTPStatus.FOUND
        assert len(server.requests) == 6
        assert len(response.history) == 5

    def test_a_redirect_can_be_left_alone(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer("/get-user", status=302, headers={"Location": "/new"})

        assert open_handle().conn.get(CID, allow_redirects=False).status_code == HTTPStatus.FOUND
        assert len(server.requests) == 1


class TestSharing:
    def test_64_threads_share_8_network_connections(self, server: HTTPServer, open_handle: Open) -> None:
        def echo(request: Request) -> Answer:
            return Answer(body=request.body)

        server.routes["/get-user"] = echo
        conn = open_handle(pool_size=8).conn
        start = threading.Barrier(64)

        def call(number: int) -> list[int]:
            start.wait(10)
            return [conn.post(f"{number}-{i}", {"n": number * 100 + i}).data["n"] for i in range(10)]

        with ThreadPoolExecutor(64) as threads:
            answers = list(threads.map(call, range(64)))

        assert answers == [[number * 100 + i for i in range(10)] for number in range(64)]
        assert server.connections <= 8
        assert {r.headers["X-Zato-CID"] for r in server.requests} == {f"{n}-{i}" for n in range(64) for i in range(10)}

    def test_a_busy_pool_is_waited_for_until_the_deadline(self, server: HTTPServer, open_handle: Open) -> None:
        reached, done = threading.Event(), threading.Event()

        def wait(_: Request) -> Answer:
            reached.set()
            done.wait(10)
            return Answer()

        server.routes["/get-user"] = wait
        conn = open_handle(pool_size=1).conn
        first = threading.Thread(target=conn.get, args=(CID,))
        first.start()
        assert reached.wait(10)

        with pytest.raises(CallTimeout, match=r"`CRM`: no free connection within 0\.1 s .*pool_size"):
            conn.get(CID, timeout=0.1)

        done.set()
        first.join()

    def test_cookies_are_not_kept(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(headers={"Set-Cookie": "session=1; Path=/"})
        conn = open_handle().conn

        conn.get(CID)
        conn.get(CID)
        conn.session.get(conn.address)
        conn.session.get(conn.address)

        assert not any("Cookie" in request.headers for request in server.requests)

    def test_the_environment_changes_nothing(
        self, server: HTTPServer, open_handle: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine 127.0.0.1 login me password {CANARY}\n")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        conn = open_handle().conn

        conn.get(CID)
        conn.session.get(conn.address)

        assert [r.headers["Authorization"] for r in server.requests] == [None, None]

    def test_a_closed_connection_says_so(self, open_handle: Open) -> None:
        handle = open_handle()
        handle.close()

        with pytest.raises(requests.ConnectionError, match="`CRM`: the connection was closed"):
            handle.conn.get(CID)


class TestPings:
    def test_a_service_gets_a_text(self, server: HTTPServer, open_handle: Open) -> None:
        text = open_handle("/a/{b}/c").conn.ping(CID)

        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} \(UTC\)\n"
            rf"HEAD {server.url}/a/\n"
            r"Code: 200\n"
            r"Response time: 0:00:00\.\d{6}",
            text,
        )
        assert server.last.method == "HEAD"
        assert server.last.headers["X-Zato-CID"] == CID

    def test_a_service_may_get_the_response(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(status=503)

        response = open_handle(ping_method="GET", ping_path="/status").conn.ping(CID, True)

        assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert (server.last.method, server.last.path) == ("GET", "/status")

    def test_a_service_may_say_where(self, server: HTTPServer, open_handle: Open) -> None:
        open_handle(ping_path="/status").conn.ping(CID, ping_path="/other")

        assert server.last.path == "/other"

    def test_a_failed_ping_of_a_service_raises(self, open_handle: Open) -> None:
        with pytest.raises(requests.ConnectionError):
            open_handle(host=f"http://127.0.0.1:{free_port()}").conn.ping(CID)

    @pytest.mark.parametrize("status", [200, 204, 302, 404, 405, 429])
    def test_any_other_answer_is_a_success(self, server: HTTPServer, open_handle: Open, status: int) -> None:
        server.answer(status=status)

        ping = open_handle().ping()

        assert ping.ok
        assert ping.category == ""
        assert ping.address == f"{server.url}/get-user"
        assert ping.detail == f"{status} {HTTPStatus(status).phrase}"
        assert 0 < ping.latency < 10

    @pytest.mark.parametrize("status", [401, 403])
    def test_refused_credentials_are_a_failure(self, server: HTTPServer, open_handle: Open, status: int) -> None:
        server.answer(status=status)

        with_security = open_handle(security=basic_auth()).ping()
        without = open_handle().ping()

        assert (with_security.ok, with_security.category) == (False, "auth")
        assert (
            with_security.detail
            == f"{status} {HTTPStatus(status).phrase}: the system refuses the credentials of `CRM user`"
        )
        assert (without.ok, without.category) == (False, "auth")
        assert without.detail == (
            f"{status} {HTTPStatus(status).phrase}: the system wants credentials; name a definition in `security`"
        )
        assert server.requests[0].headers["Authorization"]

    @pytest.mark.parametrize("status", [500, 503])
    def test_a_failing_system_is_a_failure(self, server: HTTPServer, open_handle: Open, status: int) -> None:
        server.answer(status=status)

        ping = open_handle().ping()

        assert (ping.ok, ping.category) == (False, "status")
        assert ping.detail.startswith(f"{status} {HTTPStatus(status).phrase}: the system is up but fails")

    def test_nobody_listening_is_a_failure(self, open_handle: Open) -> None:
        ping = open_handle(host=f"http://127.0.0.1:{free_port()}").ping()

        assert (ping.ok, ping.category) == (False, "refused")
        assert "connection refused" in ping.detail

    def test_an_unknown_host_is_a_failure(self, open_handle: Open) -> None:
        ping = open_handle(host="http://crm.invalid").ping()

        assert (ping.ok, ping.category) == (False, "dns")
        assert "does not resolve" in ping.detail

    def test_silence_is_a_failure(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(fault="silence", body=b"ab")

        ping = open_handle(timeout=0.2, ping_method="GET").ping()

        assert (ping.ok, ping.category) == (False, "timeout")
        assert 0.2 <= ping.latency < 5

    def test_each_detail_is_one_line_without_secrets(self, server: HTTPServer, open_handle: Open) -> None:
        handle = open_handle(security=basic_auth())

        for status in range(200, 600):
            server.answer(status=status)
            ping = handle.ping()

            assert ping.ok == (status < 500 and status not in {401, 403})
            assert ping.detail.startswith(str(status))
            assert "\n" not in ping.detail
            assert CANARY not in ping.detail


class TestLog:
    def test_a_call_and_its_answer_are_a_line_each(
        self, server: HTTPServer, open_handle: Open, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.answer(body={"a": 1})
        conn = open_handle("/a/{b}", security=basic_auth()).conn

        with caplog.at_level(logging.INFO, "zato.rest.out"):
            conn.post(CID, "data", {"b": "c", "d": "e\n"})

        out, back = caplog.messages
        assert out == (
            f"REST out → cid={CID}; POST {server.url}/a/c; name:CRM; params=d=e%0A; len=4; sec=CRM user (basic_auth)"
        )
        assert re.fullmatch(rf"REST out ← cid={CID}; 200 time=0:00:00\.\d+; len=8", back)
        assert CANARY not in caplog.text

    def test_secrets_in_the_query_string_are_stars(
        self, server: HTTPServer, open_handle: Open, caplog: pytest.LogCaptureFixture
    ) -> None:
        conn = open_handle(f"/a?api_key={CANARY}").conn

        with caplog.at_level(logging.INFO, "zato.rest.out"):
            conn.get(CID, {"user": "me", "accessToken": CANARY})

        assert "params=api_key=***&user=me&accessToken=***;" in caplog.messages[0]
        assert server.last.target == f"/a?api_key={CANARY}&user=me&accessToken={CANARY}"
        assert CANARY not in caplog.text

    def test_nothing_is_logged_below_that(self, open_handle: Open, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING, "zato.rest.out"):
            open_handle().conn.get(CID)

        assert caplog.messages == []


class TestSecrets:
    """A secret is in no text that a failure leaves behind."""

    @pytest.mark.parametrize(
        "fail",
        [
            lambda server, conn: conn.get(CID, headers={"X-Key": f"{CANARY}\n"}),
            lambda server, conn: conn.get(CID, timeout=0.1),
            lambda server, conn: conn.get("\n"),
        ],
    )
    def test_exceptions_do_not_show_it(
        self,
        server: HTTPServer,
        open_handle: Open,
        caplog: pytest.LogCaptureFixture,
        fail: Callable[[HTTPServer, Any], Any],
    ) -> None:
        server.answer(fault="silence", body=b"ab")
        conn = open_handle(security=basic_auth()).conn

        with caplog.at_level(logging.DEBUG), pytest.raises((ZatoException, TimeoutException)) as caught:
            fail(server, conn)

        error: BaseException | None = caught.value
        while error:
            assert CANARY not in f"{error!r} {error}"
            error = error.__cause__ or error.__context__
        assert CANARY not in caplog.text
        assert CANARY not in repr(conn.config)

    def test_a_ping_does_not_show_those_of_its_url(self, server: HTTPServer, open_handle: Open) -> None:
        handle = open_handle(f"/a?api_key={CANARY}")

        assert handle.ping().address == f"{server.url}/a?api_key=***"
        assert f"HEAD {server.url}/a?api_key=***\n" in handle.conn.ping(CID)
        assert server.last.target == f"/a?api_key={CANARY}"

    def test_a_failure_does_not_show_those_of_its_url(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(status=500, body=b"{")
        conn = open_handle(f"/a?api_key={CANARY}").conn
        response = conn.get(CID)

        with pytest.raises(requests.HTTPError) as failed:
            response.raise_for_status()
        with pytest.raises(ZatoException) as unusable:
            _ = response.data
        with pytest.raises(PathParametersError) as unfilled:
            open_handle(f"/{{b}}?api_key={CANARY}").conn.get(CID)
        refused = open_handle(f"/a?api_key={CANARY}", host=f"http://127.0.0.1:{free_port()}").conn
        with pytest.raises(ZatoException) as unreached:
            refused.get(CID)

        assert failed.value.response is response
        for error in (failed.value, unusable.value, unfilled.value, unreached.value):
            assert "api_key=***" in str(error)
            assert CANARY not in f"{error!r} {error}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
