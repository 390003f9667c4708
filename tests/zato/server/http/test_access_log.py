from __future__ import annotations

import logging
import re

import pytest

from tests.zato.server.serving import Server, channel


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "zato.http_access")
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.name == "zato.http_access"]


def test_a_request_is_one_line_in_the_documented_format(server: Server, log: pytest.LogCaptureFixture) -> None:
    server.deploy(
        "from zato.server.service import Service\n"
        "class Tested(Service):\n    name = 'tested'\n    def handle(self): self.response.payload = 'abc'"
    )
    server.configure(channel("tested", "/a/{b}", name="My channel"))
    with server.http() as http:
        answer = http("POST", "/a/x?secret=1", "{}", headers={"User-Agent": "me/1.0"})
    [line] = lines(log)
    cid = answer.headers["X-Zato-CID"]
    when = r"\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
    pattern = rf'127\.0\.0\.1 {cid}/0\.\d{{6}} "My channel" \[{when}\] "POST /a/x HTTP/1\.1" 200 3 "-" "me/1\.0"'
    assert re.fullmatch(pattern, line)


def test_a_request_of_no_channel_has_a_dash(server: Server, log: pytest.LogCaptureFixture) -> None:
    with server.http() as http:
        http("GET", "/nowhere")
    assert ' "-" [' in lines(log)[0]


def test_nothing_from_outside_ends_a_line_or_a_quotation(server: Server, log: pytest.LogCaptureFixture) -> None:
    with server.http() as http:
        http("GET", "/a%22%E2%80%A8b", headers={"User-Agent": 'me" 200 "'})
    [line] = lines(log)
    assert line.count('"') == 8
    assert len(line.splitlines()) == 1


def test_nothing_is_written_where_nobody_reads(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "zato.http_access")
    with server.http() as http:
        http("GET", "/nowhere")
    assert lines(caplog) == []
