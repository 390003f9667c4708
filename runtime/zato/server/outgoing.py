"""How services reach other systems: `self.out` (reference: service-api, section 1.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import msgspec

from zato.common.ext.bunch import Bunch, bunchify
from zato.config.problems import did_you_mean
from zato.kinds.base import Kind

if TYPE_CHECKING:
    from zato.kinds.rest.connection import RESTConnection
    from zato.server.world import World

Conn = TypeVar("Conn")


class Outgoing:
    """Outgoing connections of all kinds, by the names that the configuration gives them."""

    __slots__ = ("_cid", "_world")

    def __init__(self, world: World, cid: str) -> None:
        self._world = world
        self._cid = cid

    @property
    def rest(self) -> Connections[RESTConnection]:
        """REST connections: `self.out.rest["CRM"].conn`."""
        return Connections(self._world, "outgoing_rest")

    @property
    def plain_http(self) -> Connections[RESTConnection]:
        """The same as `rest`."""
        return self.rest

    @property
    def amqp(self) -> AMQP:
        """AMQP connections."""
        return AMQP(self._world, self._cid)


class Connections(Generic[Conn]):
    """Outgoing connections of one kind."""

    __slots__ = ("_section", "_world")

    def __init__(self, world: World, section: str) -> None:
        self._world = world
        self._section = section

    def __getitem__(self, name: str) -> Connection[Conn]:
        """A connection by name. Raises KeyError, which names what was probably meant."""
        found: Connection[Conn] | None = self.get(name)
        if found is None:
            raise KeyError(_no_such(self._world, self._section, name))
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """A connection by name, or `default`."""
        config = self._world.snapshot.get(self._section, name.strip())
        return default if config is None else Connection(self._world, config)


class Connection(Generic[Conn]):
    """One outgoing connection."""

    __slots__ = ("_kind", "_world")

    def __init__(self, world: World, kind: Kind) -> None:
        self._world = world
        self._kind = kind

    @property
    def name(self) -> str:
        """Name of the connection."""
        return self._kind.name

    @property
    def conn(self) -> Conn:
        """What calls are made with. Raises Inactive."""
        handle: Any = self._world.handle(self._kind.section, self._kind.name)
        return cast("Conn", handle.conn)

    @property
    def config(self) -> Bunch:
        """Fields of the connection, as they are configured."""
        fields: Bunch = bunchify(msgspec.structs.asdict(self._kind))
        return fields


class AMQP:
    """Sends messages through outgoing AMQP connections (reference: service-api, section 4.2)."""

    __slots__ = ("_cid", "_world")

    def __init__(self, world: World, cid: str) -> None:
        self._world = world
        self._cid = cid

    def send(
        self,
        msg: Any,
        outconn: str,
        exchange: str = "/",
        routing_key: str | None = None,
        properties: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Hand a message over for delivery and return at once.

        `properties` and `headers` are those of AMQP; `properties` win over what the connection says.
        Raises KeyError for an unknown connection and Inactive for one that is switched off.
        """
        self._handle(outconn).send(msg, exchange, routing_key, properties, headers, cid=self._cid, **kwargs)

    def publish(
        self,
        outconn: str,
        msg: Any,
        exchange: str = "/",
        routing_key: str | None = None,
        properties: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Do what `invoke` does, with the name first, as in 4.x."""
        return self.invoke(msg, outconn, exchange, routing_key, properties, headers, **kwargs)

    def invoke(
        self,
        msg: Any,
        outconn: str,
        exchange: str = "/",
        routing_key: str | None = None,
        properties: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Publish a message and wait until the broker has it. Raises what `send` does, and what prevents delivery."""
        return self._handle(outconn).invoke(msg, exchange, routing_key, properties, headers, cid=self._cid, **kwargs)

    def _handle(self, outconn: str) -> Any:
        name = outconn.strip()
        if self._world.snapshot.get("outgoing_amqp", name) is None:
            raise KeyError(_no_such(self._world, "outgoing_amqp", name))
        return self._world.handle("outgoing_amqp", name)


def _no_such(world: World, section: str, name: str) -> str:
    near = did_you_mean(name, world.snapshot.section(section))
    return f"no `{name}` in {section}" + (f"; {near}" if near else "")
