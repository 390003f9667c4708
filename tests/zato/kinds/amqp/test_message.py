from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import BasicProperties

from zato.kinds.amqp import message as module
from zato.kinds.amqp.errors import InvalidMessage
from zato.kinds.amqp.message import Message, Sender
from zato.kinds.amqp.outgoing import OutgoingAMQP


def make(
    msg: Any = "x",
    exchange: Any = "e",
    routing_key: Any = "k",
    properties: Any = None,
    headers: Any = None,
    **config: Any,
) -> Message:
    sender = Sender(OutgoingAMQP(name="Payments", **config), "server1", "bob", 131_072)
    return sender.message(msg, exchange, routing_key, properties=properties, headers=headers, cid="c1")


def read(message: Message) -> Any:
    properties: Any = BasicProperties
    return properties().decode(b"".join(message.properties.encode()))


@pytest.mark.parametrize(
    ("msg", "body", "content_type"),
    [
        ("zażółć", "zażółć".encode(), None),
        (b"\xff", b"\xff", None),
        (bytearray(b"x"), b"x", None),
        (memoryview(b"x"), b"x", None),
        ("", b"", None),
        ({"a": [1, None]}, b'{"a":[1,null]}', "application/json"),
        ([], b"[]", "application/json"),
    ],
)
def test_bodies(msg: Any, body: bytes, content_type: str | None) -> None:
    made = make(msg)
    assert (made.body, read(made).content_type) == (body, content_type)


def test_the_connections_properties_are_the_defaults() -> None:
    # When
    properties = read(
        make(
            priority=7,
            delivery_mode="non_persistent",
            content_type="text/csv",
            content_encoding="utf-8",
            expiration=60_000,
            user_id="bob",
            app_id="billing",
        )
    )

    # Then
    assert properties.priority == 7
    assert properties.delivery_mode == 1
    assert properties.content_type == "text/csv"
    assert properties.content_encoding == "utf-8"
    assert properties.expiration == "60000"
    assert properties.user_id == "bob"
    assert properties.app_id == "billing"


def test_a_messages_properties_go_over_the_connections() -> None:
    # When
    given_ = {"priority": 1, "content_type": "text/plain", "delivery_mode": 2, "correlation_id": "corr", "type": "t"}
    properties = read(make(properties=given_, priority=7, delivery_mode="non_persistent", content_type="text/csv"))

    # Then
    assert (properties.priority, properties.content_type, properties.delivery_mode) == (1, "text/plain", 2)
    assert (properties.correlation_id, properties.type) == ("corr", "t")


def test_an_empty_property_leaves_it_out() -> None:
    properties = read(make(properties={"content_type": "", "user_id": "", "app_id": ""}, content_type="text/csv"))
    assert (properties.content_type, properties.user_id, properties.app_id) == (None, None, None)


def test_every_message_can_be_recognised() -> None:
    # When
    first, second = make(), make(properties={"message_id": "mine"})

    # Then
    properties = read(first)
    assert properties.message_id == first.message_id != make().message_id
    assert properties.timestamp > 1_700_000_000
    assert properties.app_id == "server1"
    assert properties.headers["x-zato-cid"] == "c1"
    assert properties.headers["X-Zato-Component"] == "server1"
    assert dt.datetime.fromisoformat(properties.headers["X-Zato-Msg-TS"])
    assert read(second).message_id == second.message_id == "mine"


def test_headers_of_the_service_replace_ours() -> None:
    headers = read(make(headers={"a": 1, "b": [True, None, {"c": Decimal("1.5")}], "x-zato-cid": "own"})).headers
    assert headers == {"a": 1, "b": [True, None, {"c": Decimal("1.5")}], "x-zato-cid": "own"}


def test_a_sender_may_change_its_headers_afterwards() -> None:
    # Given
    headers = {"a": ["before"]}

    # When
    made = make(headers=headers)
    headers["a"].append("after")

    # Then
    assert read(made).headers["a"] == ["before"]


@pytest.mark.parametrize(
    "properties",
    [
        {"priority": 300},
        {"priority": -1},
        {"priority": "high"},
        {"timestamp": -1},
        {"timestamp": "now"},
        {"timestamp": 1.5},
        {"delivery_mode": 3},
        {"delivery_mode": "2"},
        {"expiration": 1000},
        {"expiration": "abc"},
        {"expiration": "-1"},
        {"expiration": "²"},
        {"expiration": "99999999999"},
        {"content_type": "x" * 256},
        {"content_type": 5},
        {"content_type": "\ud800"},
        {"correlation_id": "ł" * 128},
        {"message_id": 5},
        {"message_id": b"x"},
        {"user_id": "alice"},
        {"user_id": ["bob"]},
        {"delivery_mode": [2]},
        {"colour": "red"},
        {5: "x"},
        {"headers": {}},
        ["priority"],
        "priority",
    ],
    ids=repr,
)
def test_properties_that_would_break_the_connection_are_refused(properties: Any) -> None:
    with pytest.raises(InvalidMessage):
        make(properties=properties)


_SELF: list[Any] = []
_SELF.append(_SELF)


@pytest.mark.parametrize(
    "headers",
    [
        ["a"],
        "a",
        {1: 1},
        {"a": object()},
        {"a": {1}},
        {"a": (1,)},
        {"a": 1.5},
        {"a": float("nan")},
        {"a": 2**70},
        {"a": "\ud800"},
        {"a": {"b": {1: 2}}},
        {"a": [object()]},
        {"a": _SELF},
        {"x" * 256: 1},
        {"a": Decimal(12345678901234567890)},
        {"a": dt.datetime(1900, 1, 1)},  # noqa: DTZ001 - what services pass
        {"a": "x" * 200_000},
        {"CC": "key"},
        {"BCC": [1]},
    ],
    ids=lambda headers: repr(headers)[:40],
)
def test_headers_that_would_break_the_connection_are_refused(headers: Any) -> None:
    with pytest.raises(InvalidMessage):
        make(headers=headers)


@pytest.mark.parametrize(
    "msg", [None, 5, 1.5, object(), {"a": object()}, {"a": "\ud800"}, "\ud800", (1, 2), _SELF], ids=repr
)
def test_bodies_that_are_none_are_refused(msg: Any) -> None:
    with pytest.raises(InvalidMessage):
        make(msg)


def test_a_body_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BODY", 10)
    assert make("x" * 10)
    with pytest.raises(InvalidMessage, match="a body of 11 bytes is over the limit of 10"):
        make("x" * 11)


@pytest.mark.parametrize(
    ("exchange", "routing_key"),
    [("e" * 256, "k"), ("e", "k" * 256), ("e", "ł" * 128), (None, "k"), (b"e", "k"), ("e", 5), ("\ud800", "k")],
)
def test_names_that_are_none_are_refused(exchange: Any, routing_key: Any) -> None:
    with pytest.raises(InvalidMessage):
        make(exchange=exchange, routing_key=routing_key)


def test_a_refusal_says_what_is_wrong_and_shows_no_content() -> None:
    with pytest.raises(InvalidMessage) as refused:
        make("canary", properties={"correlation_id": "canary" * 50}, headers={"a": "canary"})
    assert str(refused.value) == "the message cannot be sent: ShortStringTooLong"
    assert refused.value.cid == "c1"


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    msg=_values,
    headers=st.none() | st.dictionaries(st.text(max_size=10), _values, max_size=4),
    properties=st.none() | st.dictionaries(st.sampled_from(sorted(module._PROPERTIES)), _values, max_size=4),
    routing_key=st.none() | st.text(max_size=300),
)
def test_anything_is_a_message_or_an_invalid_one(msg: Any, headers: Any, properties: Any, routing_key: Any) -> None:
    try:
        made = make(msg, "e", routing_key, properties, headers)
    except InvalidMessage:
        return
    assert read(made).message_id == made.message_id
