from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.amqp.address import Address, parse_address
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.base import Mistake


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


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("rabbit:99999", "port 99999 is not between 1 and 65535"),
        (
            "rabbit/prod?heartbeat=5",
            "an address is `[amqp[s]://]host[:port][/vhost]`; user name and password have fields of their own",
        ),
        ("rabbit/%ff", "the virtual host is not UTF-8"),
    ],
)
def test_an_address_that_cannot_be_connected_to_is_a_mistake(address: str, message: str) -> None:
    assert list(OutgoingAMQP(name="o", address=address).mistakes()) == [Mistake("address", message)]
    assert list(OutgoingAMQP(name="o", address="amqps://rabbit:5671/prod").mistakes()) == []


@pytest.mark.parametrize("host", ["rabbit:5673", "amqps://rabbit:5673", "[::1]:5673"])
def test_the_host_of_a_definition_has_no_port(host: str) -> None:
    (mistake,) = DefAMQP(name="d", host=host).mistakes()
    assert mistake == Mistake("host", "the port has a field of its own", "move it to `port`")


@pytest.mark.parametrize("host", ["rabbit", "amqps://rabbit", "[::1]", "::1", "amqp://10.0.0.1"])
def test_the_host_of_a_definition_is_a_name_or_an_address(host: str) -> None:
    assert list(DefAMQP(name="d", host=host).mistakes()) == []
