"""Where a broker is, read off a definition or an inline address. No sockets here."""

from __future__ import annotations

from zato.kinds.amqp.address import Address, Addressed, parse_address
from zato.kinds.amqp.definition import DefAMQP


def address_of(definition: DefAMQP) -> Address:
    """Where the broker of a definition is."""
    scheme, _, host = definition.host.rpartition("://")
    return Address(host.strip("[]"), definition.port, definition.vhost, scheme == "amqps")


def inline_definition(owner: Addressed) -> DefAMQP:
    """The definition that stands behind an object with an address of its own. Raises ValueError."""
    address = parse_address(owner.address or "")
    return DefAMQP(
        name=owner.name,
        host=f"amqps://{address.host}" if address.tls else address.host,
        port=address.port,
        vhost=address.vhost,
        username=owner.username or "guest",
        password=owner.password if owner.username else "guest",
    )
