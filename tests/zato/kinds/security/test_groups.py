"""Security groups: who gets into a channel that names one (reference: service-api, section 2.5)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zato.server.serving import Client, Server, channel
from zato.common.exception import BadRequest, Forbidden
from zato.kinds.security.apikey import APIKey, APIKeyHandle
from zato.kinds.security.basic_auth import BasicAuth, BasicAuthHandle
from zato.kinds.security.groups import Group, GroupHandle, Member, satisfied
from zato.kinds.security.ntlm import NTLM

WHO = """
    from zato.server.service import Service

    class Who(Service):
        name = "who"

        def handle(self):
            self.response.payload = self.channel.security.to_dict()
"""
ALICE = BasicAuth(name="Alice", username="alice", password="a-s3cret")
BOB = BasicAuth(name="Bob", username="bob", password="b-s3cret")
PARTNER = APIKey(name="Partner", password="p4rtner-key")
OTHER = APIKey(name="Other", password="0ther-key", header="X-Other-Key")
NOBODY = {"result": "Error", "details": "You are not allowed to access this resource"}


def user(definition: BasicAuth) -> tuple[str, str]:
    return definition.username, definition.password or ""


def key(definition: APIKey) -> dict[str, str]:
    return {definition.header: definition.password or ""}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "server")
    server.deploy(WHO)
    yield server
    server.close()


@pytest.fixture
def everyone(server: Server) -> Server:
    """Serve `/all` to all four callers, in two groups."""
    server.configure(
        ALICE, BOB, PARTNER, OTHER,
        Group(name="Users", members=("Alice", "Bob")),
        Group(name="Keys", members=("Partner", "Other")),
        channel("who", "/all", groups=("Users", "Keys")),
    )  # fmt: skip
    return server


@pytest.mark.parametrize(
    ("caller", "credentials"),
    [
        ({"id": "security/Alice", "name": "Alice", "type": "basic_auth", "username": "alice"}, {"auth": user(ALICE)}),
        ({"id": "security/Bob", "name": "Bob", "type": "basic_auth", "username": "bob"}, {"auth": user(BOB)}),
        ({"id": "security/Partner", "name": "Partner", "type": "apikey", "username": ""}, {"headers": key(PARTNER)}),
        ({"id": "security/Other", "name": "Other", "type": "apikey", "username": ""}, {"headers": key(OTHER)}),
    ],
)
def test_each_member_gets_in_and_the_service_learns_who_it_is(
    everyone: Server, caller: dict[str, str], credentials: dict[str, Any]
) -> None:
    with everyone.http() as http:
        answer = http("GET", "/all", **credentials)
    assert answer.status_code == 200
    assert answer.json() == caller


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"auth": ("alice", "b-s3cret")},
        {"auth": ("alice", "")},
        {"auth": ("mallory", "a-s3cret")},
        {"headers": {"X-API-Key": "wrong"}},
        {"headers": {"X-API-Key": "0ther-key"}},
        {"headers": {"X-Other-Key": "p4rtner-key"}},
        {"headers": {"X-API-Key": ""}},
        {"headers": {"Authorization": "Basic !"}},
        {"headers": {"Authorization": "Basic"}},
        {"headers": {"Authorization": "Bearer p4rtner-key"}},
    ],
)
def test_anyone_else_is_forbidden(everyone: Server, credentials: dict[str, Any]) -> None:
    with everyone.http() as http:
        answer = http("GET", "/all", **credentials)
    assert answer.status_code == 403
    assert answer.json() == {**NOBODY, "cid": answer.headers["X-Zato-CID"]}


def test_credentials_of_two_types_are_a_bad_request_though_both_are_right(everyone: Server) -> None:
    with everyone.http() as http:
        answer = http("GET", "/all", auth=user(ALICE), headers=key(PARTNER))
    assert answer.status_code == 400
    assert answer.json()["details"] == "Send either Basic Auth credentials or an API key, not both"


def test_a_channel_with_both_wants_its_definition_first_and_a_member_then(server: Server) -> None:
    # Given
    server.configure(
        ALICE, PARTNER, Group(name="Keys", members=("Partner",)),
        channel("who", "/both", security="Alice", groups=("Keys",)),
    )  # fmt: skip

    # When
    with server.http() as http:
        only_member = http("GET", "/both", headers=key(PARTNER))
        only_definition = http("GET", "/both", auth=user(ALICE))
        both = http("GET", "/both", auth=user(ALICE), headers=key(PARTNER))

    # Then
    assert [only_member.status_code, only_definition.status_code, both.status_code] == [401, 403, 200]
    assert both.json()["name"] == "Partner"


@pytest.mark.parametrize(
    "group",
    [
        Group(name="Users"),
        Group(name="Users", members=("Alice",), is_active=False),
        Group(name="Users", members=("Inactive",)),
        Group(name="Users", members=("Later",)),
    ],
    ids=["empty", "inactive", "inactive member", "member of a type that cannot be used yet"],
)
def test_a_group_without_usable_members_admits_nobody(server: Server, group: Group) -> None:
    server.configure(
        ALICE,
        BasicAuth(name="Inactive", username="alice", password="a-s3cret", is_active=False),
        NTLM(name="Later", username="alice", password="a-s3cret"),
        group,
        channel("who", "/users", groups=("Users",)),
    )
    with server.http() as http:
        assert http("GET", "/users", auth=user(ALICE)).status_code == 403


def test_a_members_new_password_is_the_one_that_counts(server: Server) -> None:
    def configure(password: str) -> None:
        changed = BasicAuth(name="Alice", username="alice", password=password)
        server.configure(changed, Group(name="Users", members=("Alice",)), channel("who", groups=("Users",)))

    def answers(http: Client) -> list[int]:
        return [http("GET", "/", auth=("alice", password)).status_code for password in ("old", "new")]

    with server.http() as http:
        configure("old")
        before = answers(http)
        configure("new")
        after = answers(http)
    assert (before, after) == ([200, 403], [403, 200])


def test_only_headers_that_members_use_are_credentials() -> None:
    keys_only = GroupHandle([APIKeyHandle(PARTNER)])

    assert satisfied([keys_only], {"HTTP_X_API_KEY": "p4rtner-key", "HTTP_AUTHORIZATION": "Basic eDp5"}) is PARTNER


def handle_of(definition: BasicAuth | APIKey) -> Member:
    return BasicAuthHandle(definition) if isinstance(definition, BasicAuth) else APIKeyHandle(definition)


def environ_of(definition: BasicAuth | APIKey) -> dict[str, str]:
    headers: dict[str, str] = {}
    handle_of(definition).sign(headers)
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters=":"), min_size=1)
PASSWORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)


@given(
    users=st.lists(st.builds(BasicAuth, name=st.just("U"), username=NAMES, password=PASSWORDS), max_size=5),
    keys=st.lists(st.builds(APIKey, name=st.just("K"), password=KEYS), max_size=5),
    environ=st.fixed_dictionaries(
        {},
        optional={
            "HTTP_X_API_KEY": KEYS,
            "HTTP_AUTHORIZATION": st.binary().map(lambda raw: f"Basic {b64encode(raw).decode()}"),
        },
    ),
)
def test_a_group_admits_whom_one_of_its_members_admits_and_nobody_else(
    users: list[BasicAuth], keys: list[APIKey], environ: dict[str, str]
) -> None:
    definitions: list[BasicAuth | APIKey] = [*users, *keys]
    handles = [handle_of(definition) for definition in definitions]
    group = GroupHandle(handles)

    for definition in definitions:
        assert satisfied([group], environ_of(definition)) == definition
    if len(environ) == 2 and users and keys:
        with pytest.raises(BadRequest):
            satisfied([group], environ)
    elif any(handle.authenticate(environ) for handle in handles):
        satisfied([group], environ)
    else:
        with pytest.raises(Forbidden):
            satisfied([group], environ)


def test_finding_a_member_does_not_take_longer_in_a_large_group() -> None:
    def seconds(members: int) -> float:
        handles = [BasicAuthHandle(BasicAuth(name=str(n), username=f"user{n}", password="p")) for n in range(members)]
        group, last = GroupHandle(handles), environ_of(handles[-1].definition)
        took = []
        for _ in range(200):
            started = perf_counter()
            satisfied([group], last)
            took.append(perf_counter() - started)
        return min(took)

    assert seconds(5_000) < 10 * seconds(5)
