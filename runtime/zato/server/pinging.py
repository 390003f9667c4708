"""Pinging outgoing connections, whether a server does it or a command while there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, cast

import msgspec

from zato.common.exception import Inactive
from zato.config.problems import did_you_mean, printable
from zato.config.snapshot import Key, key_of
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
    return [thing for thing in world.snapshot if is_outgoing(thing)]


def is_outgoing(thing: Kind) -> bool:
    """Whether an object is an outgoing connection."""
    return thing.section.startswith("outgoing_")


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
    return ping_each(world, [key_of(thing) for thing in wanted])


def ping_each(world: World, keys: Iterable[Key]) -> list[Pinged]:
    """Ping connections, side by side."""
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="ping") as threads:
        return list(threads.map(partial(_ping, world), keys))


def failures(pinged: Iterable[Pinged]) -> str:
    """Which connections did not answer, and why, on one line; "" if all did."""
    failed = (each for each in pinged if not each.ping.ok)
    return printable("; ".join(f"`{each.name}` does not answer: {each.ping.detail}" for each in failed))


def _ping(world: World, key: Key) -> Pinged:
    return Pinged(*key, _asked(world, key))


def _asked(world: World, key: Key) -> Ping:
    try:
        return cast("ConnectionHandle", world.handle(*key)).ping()
    except (Inactive, NotUsableYet) as e:
        reason = str(e)
    except Exception as e:  # noqa: BLE001 - one connection must not keep the others from being pinged
        reason = f"it cannot be used: {e}"
    return Ping(ok=False, address="", latency=0.0, detail=reason, category="other")
