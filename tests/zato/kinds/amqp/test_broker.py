from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.amqp.broker import Address, address_of, inline_definition, parse_address
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("rabbit", Address("rabbit", 5672, "/", tls=False)),
        ("rabbit:5673", Address("rabbit", 5673, "/", tls=False)),
        ("amqp://rabbit", Address("rabbit", 5672, "/", tls=False)),
        ("amqps://rabbit", Address("rabbit", 5671, "/", tls=True)),
        ("amqps://rabbit:5672/", Address("rabbit", 5672, "/", tls=True)),
        ("rabbit/prod", Address("rabbit", 5672, "prod", tls=False)),
        ("rabbit//", Address("rabbit", 5672, "/", tls=False)),
        ("rabbit//prod", Address("rabbit", 5672, "/prod", tls=False)),
        ("rabbit/%2F", Address("rabbit", 5672, "/", tls=False)),
        ("rabbit/a%20b%3F", Address("rabbit", 5672, "a b?", tls=False)),
        ("[::1]:5673/prod", Address("::1", 5673, "prod", tls=False)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://rabbit",
        "AMQP://rabbit",
        "rabbit:",
        "rabbit:0",
        "rabbit:65536",
        "rabbit:amqp",
        "rabbit:5672:5673",
        "user:secret@rabbit",
        "rabbit?heartbeat=5",
        "rabbit/prod?heartbeat=5",
        "rabbit/prod#x",
        "rabbit/%ff",
        "rabbit/" + "x" * 256,
        "[::1",
        "ra bbit",
        "rabbit\n",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_address(text)
    assert "secret" not in str(refused.value)


_HOSTS = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,30}[a-z0-9])?", fullmatch=True)
_VHOSTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(host=_HOSTS, port=st.integers(1, 65_535), vhost=_VHOSTS, tls=st.booleans())
def test_every_broker_has_an_address(host: str, port: int, vhost: str, tls: bool) -> None:
    text = f"{'amqps' if tls else 'amqp'}://{host}:{port}/{quote(vhost, safe='')}"
    assert parse_address(text) == Address(host, port, vhost, tls)


@given(st.text() | st.from_regex(r"(amqps?://)?[^/]{0,20}(:\d{0,6})?(/.{0,20})?", fullmatch=True))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_address(text), Address)


@pytest.mark.parametrize("text", ["rabbit", "amqps://rabbit/prod", "[::1]:5673", "rabbit:1/%2Fprod"])
def test_an_inline_address_and_its_definition_are_the_same_broker(text: str) -> None:
    # Given
    outgoing = OutgoingAMQP(name="o", address=text, username="bob", password="pw")

    # When
    definition = inline_definition(outgoing)

    # Then
    assert address_of(definition) == parse_address(text)
    assert (definition.username, definition.password) == ("bob", "pw")


def test_without_a_user_the_brokers_guest_is_meant() -> None:
    definition = inline_definition(OutgoingAMQP(name="o", address="rabbit"))
    assert (definition.username, definition.password) == ("guest", "guest")


def test_a_definitions_host_may_say_tls() -> None:
    definition = DefAMQP(name="d", host="amqps://rabbit", port=5671, vhost="v")
    assert address_of(definition) == Address("rabbit", 5671, "v", tls=True)
