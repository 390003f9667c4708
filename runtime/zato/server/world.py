"""Worlds: everything that is needed to serve one revision, and how one takes over from another.

A world is never changed. A request reads `runtime.world` once and stays with it, so it sees one configuration from its
beginning to its end. What a new world does not change it takes over from the old one, live handles included.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from zato.common.exception import Inactive
from zato.config.snapshot import Key, Snapshot
from zato.errors import SwitchError
from zato.kinds.base import Handle, InboundHandle, Kind, SecurityHandle, references
from zato.kinds.rest.channel import ChannelREST
from zato.server.http.router import Router

if TYPE_CHECKING:
    from zato.server.runtime import Runtime

logger = logging.getLogger("zato.world")


class World:
    """What one revision is served with."""

    __slots__ = ("__weakref__", "_failed", "_successor", "handles", "revision", "router", "snapshot")

    def __init__(
        self,
        revision: int,
        snapshot: Snapshot,
        handles: Mapping[Key, Handle],
        failed: Mapping[Key, Exception] | None = None,
    ) -> None:
        self.revision = revision
        self.snapshot = snapshot
        self.handles = handles
        self.router = Router(cast("Iterable[ChannelREST]", snapshot.section("channel_rest").values()), self.security)
        self._failed = failed or {}
        self._successor: World | None = None

    def handle(self, section: str, name: str) -> Handle:
        """The live handle of an object. Raises KeyError if there is no such object, Inactive if it is switched off."""
        handle = self.handles.get((section, name))
        if handle is not None:
            return handle
        thing = self.snapshot.get(section, name)
        if thing is None:
            raise KeyError(name)
        raise self._failed.get((section, name)) or Inactive(name)

    def security(self, name: str) -> SecurityHandle | None:
        """The live handle of a security definition; None if it cannot be used, so that nobody satisfies it."""
        return cast("SecurityHandle | None", self.handles.get(("security", name)))

    def succeeded_by(self, successor: World) -> None:
        """Keep the successor alive at least as long as this world: it may have to close a handle that both use."""
        self._successor = successor


class Prepared:
    """A world that is ready to take over: what is new or changed is open, what is not was kept."""

    def __init__(self, world: World, opened: Mapping[Key, Handle]) -> None:
        self.world = world
        self.opened = opened

    def abandon(self) -> None:
        """Close what was opened for it."""
        _close(self.opened.values())


class Worlds:
    """Prepares worlds and has one take over from another. Used by one thread at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        # closing waits for work in hand; one thread does it, so that what follows each other stays in order
        self._closing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="closing")

    def prepare(self, revision: int, snapshot: Snapshot, *, lenient: bool = False) -> Prepared:
        """Open what a configuration needs and the current world does not have.

        Raises SwitchError, and then nothing stays open. When `lenient`, as at the start of a server, an object that
        cannot be opened is logged and fails those who use it, while all others work.
        """
        opening = _Opening(snapshot, self._runtime)
        failed: dict[Key, Exception] = {}
        for thing in snapshot:
            try:
                opening.open(thing)
            except Inactive as e:
                failed[thing.section, thing.name] = e
            except Exception as e:
                if not lenient:
                    _close(opening.opened.values())
                    raise SwitchError(f"{thing.section}/{thing.name}: {e}") from e
                logger.exception("%s `%s` cannot be used", thing.section, thing.name)
                failed[thing.section, thing.name] = e
        return Prepared(World(revision, snapshot, opening.handles, failed), opening.opened)

    def switch(self, prepared: Prepared) -> None:
        """Make a prepared world the current one; what the old one alone used is closed after its last request.

        Consumers of the old world finish what they have in hand before the new ones begin, so that order is kept.
        """
        old, new = self._runtime.world, prepared.world
        retired = {key: handle for key, handle in old.handles.items() if new.handles.get(key) is not handle}
        stopping = [handle for key, handle in retired.items() if _is_inbound(key, old)]
        starting = [handle for key, handle in prepared.opened.items() if _is_inbound(key, new)]
        old.succeeded_by(new)
        self._runtime.world = new
        self._closing.submit(_replace, stopping, starting)
        unused = [handle for key, handle in retired.items() if not _is_inbound(key, old)]
        weakref.finalize(old, self._close_later, unused).atexit = False

    def _close_later(self, handles: list[Handle]) -> None:
        with suppress(RuntimeError):  # the server has stopped, and closed everything
            self._closing.submit(_close, handles)

    def stop(self) -> None:
        """Close everything: what takes work in first, all at once since each waits for its own; the rest after it."""
        self._closing.shutdown()
        world = self._runtime.world
        with ThreadPoolExecutor(max_workers=64) as side_by_side:
            for key, handle in world.handles.items():
                if _is_inbound(key, world):
                    side_by_side.submit(_close, [handle])
        _close(handle for key, handle in world.handles.items() if not _is_inbound(key, world))


class _Opening:
    """What the kinds' `open` may ask (kinds.base.Opening)."""

    def __init__(self, snapshot: Snapshot, runtime: Runtime) -> None:
        self.server_name = runtime.name
        self.handles: dict[Key, Handle] = {}
        self.opened: dict[Key, Handle] = {}
        self._snapshot = snapshot
        self._runtime = runtime
        self._before = runtime.world
        self._kept: set[Key] = set()

    def open(self, thing: Kind) -> None:
        if not thing.is_active or type(thing).open is Kind.open:
            return
        key = (thing.section, thing.name)
        handle = self._handle_before(thing)
        if handle is not None:
            self._kept.add(key)
        else:
            handle = thing.open(self)
            if handle is None:
                return
            self.opened[key] = handle
        self.handles[key] = handle

    def _handle_before(self, thing: Kind) -> Handle | None:
        """The old world's handle, if neither the object nor anything that it refers to has changed."""
        if self._before.snapshot.get(thing.section, thing.name) != thing:
            return None
        if any(key not in self._kept for key in _referred(thing)):
            return None
        return self._before.handles.get((thing.section, thing.name))

    def object(self, section: str, name: str) -> Kind:
        thing = self._snapshot.get(section, name)
        if thing is None:
            raise KeyError(f"there is no `{name}` in `{section}`")
        return thing

    def handle(self, section: str, name: str) -> Handle:
        handle = self.handles.get((section, name))
        if handle is None:
            raise Inactive(self.object(section, name).name)
        return handle

    def invoke(self, service: str, payload: Any, *, channel: Kind, channel_type: str, extra: Mapping[str, Any]) -> Any:
        return self._runtime.run_for_channel(service, payload, channel=channel, channel_type=channel_type, extra=extra)


def _referred(thing: Kind) -> list[Key]:
    return [
        (field.ref, name) for field in references(type(thing)) if isinstance(name := getattr(thing, field.name), str)
    ]


def _is_inbound(key: Key, world: World) -> bool:
    thing = world.snapshot.get(*key)
    return thing is not None and thing.inbound


def _replace(stopping: list[Handle], starting: list[Handle]) -> None:
    _close(stopping)
    for handle in starting:
        cast("InboundHandle", handle).start()


def _close(handles: Iterable[Handle]) -> None:
    for handle in reversed(list(handles)):
        try:
            handle.close()
        except Exception:
            logger.exception("A connection was not closed cleanly")


EMPTY = World(0, Snapshot(), {})
"""What there is before the first switch."""
