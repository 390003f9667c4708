"""Pinging outgoing connections, whether a server does it or a command while there is none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, cast

import msgspec

from zato.common.exception import Inactive
from zato.config.problems import did_you_mean
from zato.errors import NotUsableYet, ZatoError
from zato.kinds.base import ConnectionHandle, Kind, Ping

if TYPE_CHECKING:
    from zato.server.world import World

AT_ONCE = 16


class Pinged(msgspec.Struct, frozen=True):
    """What the ping of one connection found out."""

    section: str
    name: str
    ping: Ping


def outgoing(world: World) -> list[Kind]:
    """Every outgoing connection there is."""
    return [thing for thing in world.snapshot if thing.section.startswith("outgoing_")]


def ping(world: World, names: Sequence[str], sections: Collection[str] = ()) -> list[Pinged]:
    """Ping outgoing connections by name, or all that are active, side by side.

    Raises ZatoError where a name is not known.
    """
    known = [thing for thing in outgoing(world) if not sections or thing.section in sections]
    known_names = {thing.name for thing in known}
    for name in names:
        if name not in known_names:
            near = did_you_mean(name, known_names)
            raise ZatoError(f"there is no outgoing connection `{name}`" + (f"; {near}" if near else ""))
    wanted = [thing for thing in known if (thing.name in names if names else thing.is_active)]
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="ping") as threads:
        return list(threads.map(partial(_ping, world), wanted))


def _ping(world: World, thing: Kind) -> Pinged:
    return Pinged(thing.section, thing.name, _asked(world, thing))


def _asked(world: World, thing: Kind) -> Ping:
    try:
        return cast("ConnectionHandle", world.handle(thing.section, thing.name)).ping()
    except (Inactive, NotUsableYet) as e:
        reason = str(e)
    except Exception as e:  # noqa: BLE001 - one connection must not keep the others from being pinged
        reason = f"it cannot be used: {e}"
    return Ping(ok=False, address="", latency=0.0, detail=reason, category="other")
