"""What `zato.config.match` says before a request is what a real server does with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.servers.http_client import call
from tests.zato.server.serving import Server, channel
from zato.config.match import match
from zato.config.snapshot import Snapshot
from zato.kinds.rest.router import METHODS

TELLS_ITS_CHANNEL = """
    import json
    from zato.server.service import Service

    class Telling(Service):
        name = "telling"

        def handle(self):
            told = [self.channel.name, dict(self.request.http.params)]
            self.response.headers["X-Told"] = json.dumps(told)
"""

URL_PATHS = (
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/A/b",
    "/ż",
    "/a/{x}",
    "/a/{x}/b",
    "/a/b-{x}",
    "/{x}/b",
    "/zato/{x}",
    "/rest/{x}",
)
FIELDS = (
    {"method": "GET"},
    {"method": "POST", "http_accept": "text/csv"},
    {"is_active": False},
)
CHANNELS = (
    *(channel("telling", path, name=f"{path} {n}", **FIELDS[n]) for path, n in product(URL_PATHS, range(len(FIELDS)))),
    channel("telling", "/any/{x}", name="any", match_slash=True),
    channel("telling", "/{x}/{y}/{z}", name="three"),
)
PING = channel("telling", "/zato/ping", name="own ping", method="POST")

PIECES = ("/", "//", "a", "A", "b", "b-c", "any", "rest", "zato/ping", "zato", "ping", "?x=1", "?%00")
QUOTED = ("%2F", "%2f", "%61", "%C5%BC", "%FF", "%00", "%", "%C2%85", "ą", "http://h", "*")
TARGETS = st.one_of(
    st.lists(st.sampled_from([*PIECES, *QUOTED]), min_size=1, max_size=6).map(lambda pieces: "/" + "".join(pieces)),
    st.lists(st.sampled_from([*PIECES, *QUOTED]), min_size=1, max_size=4).map("".join),
    st.sampled_from([path.format(x="1", y="2", z="3") for path in URL_PATHS if path.isascii()]),
)


@pytest.fixture(scope="module", params=[CHANNELS, (*CHANNELS, PING)], ids=["", "with a channel for the ping"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Snapshot, int]]:
    """The configuration of a server, and its port."""
    server = Server(tmp_path_factory.mktemp("matched") / "server")
    server.deploy(TELLS_ITS_CHANNEL)
    server.configure(*request.param)
    with server.http() as http:
        yield Snapshot(request.param), int(http.url.rpartition(":")[2])
    server.close()


@settings(max_examples=300)
@given(
    method=st.sampled_from([*METHODS, "TRACE"]), target=TARGETS, accept=st.sampled_from(["", "*/*", "text/csv", "a/b"])
)
@example(method="GET", target="//zato/1", accept="")
@example(method="GET", target="/zato/ping", accept="")
@example(method="POST", target="/zato%2Fping", accept="")
@example(method="GET", target="/%FF", accept="")
def test_the_server_answers_as_match_says(served: tuple[Snapshot, int], method: str, target: str, accept: str) -> None:
    configuration, port = served
    matched = match(configuration, method, target, accept)
    lines = (f"{method} {target} HTTP/1.1", "Host: h", "Connection: close", f"Accept: {accept}", "", "")
    [answer] = call(port, "\r\n".join(lines).encode())
    if matched.channel is not None:
        assert (answer.status, json.loads(answer.headers["x-told"])[0]) == (200, matched.channel.name)
        assert matched.params.items() <= json.loads(answer.headers["x-told"])[1].items()
    else:
        assert "x-told" not in answer.headers
        assert (answer.status == 400) == ("400" in matched.reason)
        assert (answer.status == 200) == ("answers by itself" in matched.reason)
