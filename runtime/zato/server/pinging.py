"""Pinging outgoing connections, whether a server does it or a command while there is none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

import msgspec

from zato.common.exception import Inactive
from zato.config.problems import did_you_mean
from zato.config.snapshot import Key
from zato.errors import ZatoError
from zato.kinds.base import ConnectionHandle, Ping

if TYPE_CHECKING:
    from zato.server.world import World

AT_ONCE = 16


class Pinged(msgspec.Struct, frozen=True):
    """What the ping of one connection found out."""

    section: str
    name: str
    ping: Ping


def outgoing(world: World) -> list[Key]:
    """Every outgoing connection there is."""
    return [(thing.section, thing.name) for thing in world.snapshot if thing.section.startswith("outgoing_")]


def ping(world: World, names: Sequence[str], sections: Collection[str] = ()) -> list[Pinged]:
    """Ping outgoing connections by name, all of them without a name, side by side.

    Raises ZatoError where a name is not known.
    """
    known = [key for key in outgoing(world) if not sections or key[0] in sections]
    for name in names:
        if name not in {known_name for _, known_name in known}:
            near = did_you_mean(name, [known_name for _, known_name in known])
            raise ZatoError(f"there is no outgoing connection `{name}`" + (f"; {near}" if near else ""))
    wanted = [key for key in known if not names or key[1] in names]
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="ping") as threads:
        return list(threads.map(lambda key: Pinged(key[0], key[1], _ping(world, key)), wanted))


def _ping(world: World, key: Key) -> Ping:
    try:
        return cast("ConnectionHandle", world.handle(*key)).ping()
    except Inactive as e:
        return Ping(ok=False, address="", latency=0.0, detail=str(e), category="other")
    except Exception as e:  # noqa: BLE001 - one connection must not keep the others from being pinged
        return Ping(ok=False, address="", latency=0.0, detail=f"it cannot be used: {e}", category="other")
