"""Where a broker is, read off a definition or an inline address. No sockets here."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from zato.kinds.amqp.address import Addressed
from zato.kinds.amqp.definition import DefAMQP

_ADDRESS = re.compile(
    r"""
    (?:(?P<scheme>amqps?)://)?
    (?P<host>\[[0-9A-Fa-f:.]+\]|[^\s\x00-\x1f\x7f/?\#@:\[\]]+)
    (?::(?P<port>[0-9]{1,5}))?
    (?:/(?P<vhost>[^\s\x00-\x1f\x7f?\#]*))?
    """,
    re.VERBOSE,
)
_FORM = "an address is `[amqp[s]://]host[:port][/vhost]`; user name and password have fields of their own"


class Address(NamedTuple):
    """Host, port and virtual host of a broker."""

    host: str
    port: int
    vhost: str
    tls: bool


def parse_address(text: str) -> Address:
    """Read `[amqp[s]://]host[:port][/vhost]`; the virtual host may be percent-encoded, as in AMQP URIs.

    Raises ValueError, without the text in it: people put passwords into addresses.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError(_FORM)
    tls = match["scheme"] == "amqps"
    port = int(match["port"]) if match["port"] else (5671 if tls else 5672)
    if not 1 <= port <= 65_535:
        raise ValueError(f"port {port} is not between 1 and 65535")
    try:
        vhost = unquote(match["vhost"] or "", errors="strict") or "/"
        size = len(vhost.encode())
    except UnicodeError:
        raise ValueError("the virtual host is not UTF-8") from None
    if size > 255:
        raise ValueError("the virtual host is longer than 255 bytes")
    return Address(match["host"].strip("[]"), port, vhost, tls)


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
