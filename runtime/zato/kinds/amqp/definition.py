"""AMQP definitions: a broker's address and credentials, shared by channels and outgoing connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from zato.kinds.base import Kind, Mistake, Opening, about

if TYPE_CHECKING:
    from zato.kinds.amqp.publisher import Publisher


class DefAMQP(Kind, frozen=True, kw_only=True):
    """Where a broker is and who we are to it (reference: enmasse, section 3.7.1)."""

    section = "def_amqp"
    dropped = {"id": "", "cluster_id": "", "def_type": "", "opaque1": ""}

    host: Annotated[
        str,
        about(
            "Host of the broker; `amqps://` in front of it means TLS.",
            min_length=1, form="it is a host name or address, after amqp:// or amqps:// or nothing", pattern=r"^(amqps?://)?[^/?#@\s\x00-\x1f\x7f]+$",
        ),
    ]  # fmt: skip
    port: Annotated[int, about("Port of the broker.", ge=1, le=65_535)] = 5672
    vhost: Annotated[str, about("Virtual host.", min_length=1, max_length=255)] = "/"
    username: Annotated[str, about("User name.", min_length=1)] = "guest"
    password: Annotated[str, about("Password.", secret=True)] | None = None
    frame_max: Annotated[int, about("Largest frame.", unit="bytes", ge=4096, le=131_072)] = 131_072
    heartbeat: Annotated[int, about("Heartbeat; 0 turns it off.", unit="s", ge=0, le=65_535)] = 30

    def missing_secret(self) -> str | None:
        """A broker always asks for a password."""
        return None if self.password else "password"

    def mistakes(self) -> Iterator[Mistake]:
        """The port is told in one place."""
        host = self.host.rpartition("://")[2]
        if host.count(":") == 1 or "]:" in host:  # more colons without brackets are an IPv6 address
            yield Mistake("host", "the port has a field of its own", "move it to `port`")

    def open(self, opening: Opening) -> Publisher:
        """Make the connection that the definition's outgoing connections publish through."""
        from zato.kinds.amqp.publisher import Publisher

        return Publisher(self, opening.server_name)
