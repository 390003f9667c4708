from __future__ import annotations

import pytest

from zato.kinds.amqp.address import Address, parse_address
from zato.kinds.amqp.broker import address_of, inline_definition
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP


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
