"""Where the broker of an AMQP channel or outgoing connection is: in a definition, or inline as in 4.x."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, NamedTuple
from urllib.parse import unquote

from zato.kinds.base import Kind, Mistake, about

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


class Addressed(Kind, frozen=True, kw_only=True):
    """An object with either `def_name` (3.2) or `address`, `username` and `password` (4.x)."""

    def_name: (
        Annotated[str, about("AMQP definition with the broker's address.", ref="def_amqp", spelled={"": None})] | None
    ) = None
    address: Annotated[
        str,
        about(
            "Address of the broker, `[amqp[s]://]host[:port][/vhost]`, in place of a definition.",
            spelled={"": None}, form="it is [amqp[s]://]host[:port][/vhost], without user and password", pattern=r"^(amqps?://)?[^/?#@\s\x00-\x1f\x7f]+(/[^\s\x00-\x1f\x7f]*)?$",
        ),
    ] | None = None  # fmt: skip
    username: Annotated[str, about("User name at `address`.")] = ""
    password: Annotated[str, about("Password at `address`.", secret=True)] | None = None

    def missing_secret(self) -> str | None:
        """A broker that is addressed inline asks for the password of the user name."""
        return "password" if self.username and not self.password else None

    def mistakes(self) -> Iterator[Mistake]:
        """The broker is told in exactly one of two ways."""
        if self.def_name and self.address:
            yield Mistake("address", "it has both `def_name` and `address`", "keep one")
        elif not self.def_name and not self.address:
            hint = "name a definition in `def_name`, or give an `address`"
            yield Mistake("", "it does not say where the broker is", hint)
        if self.address:
            try:
                parse_address(self.address)
            except ValueError as e:
                yield Mistake("address", str(e))
