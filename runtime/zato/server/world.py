"""Worlds: everything that is needed to serve one revision, and how one takes over from another.

A world is never changed. A request reads `runtime.world` once and stays with it, so it sees one configuration from its
beginning to its end. What a new world does not change it takes over from the old one, live handles included.
"""

from __future__ import annotations

import logging
import queue
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from zato.common.exception import Inactive
from zato.config.snapshot import Key, Snapshot, made_with
from zato.errors import NotUsableYet, SwitchError
from zato.kinds.base import Handle, InboundHandle, Kind, SecurityHandle, same_effect
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.security.groups import GroupHandle
from zato.server.http.router import Router

if TYPE_CHECKING:
    from zato.kinds.scheduler.scheduler import Scheduler
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
        channels = cast("Iterable[ChannelREST]", snapshot.section("channel_rest").values())
        self.router = Router(channels, self.security, self.group)
        self._failed = failed or {}
        self._successor: World | None = None

    def handle(self, section: str, name: str) -> Handle:
        """The live handle of an object.

        Raises KeyError if there is no such object, Inactive if it is switched off, NotUsableYet if its kind is
        pending, and what kept it from being opened.
        """
        handle = self.handles.get((section, name))
        if handle is not None:
            return handle
        thing = self.snapshot.get(section, name)
        if thing is None:
            raise KeyError(name)
        failure = self._failed.get((section, name))
        # each use would add its frames to the traceback of an exception that is raised again and again
        raise failure.with_traceback(None) if failure else _unusable(thing)

    def security(self, name: str) -> SecurityHandle | None:
        """The live handle of a security definition; None if it cannot be used, so that nobody satisfies it."""
        return cast("SecurityHandle | None", self.handles.get(("security", name)))

    def group(self, name: str) -> GroupHandle | None:
        """The live handle of a security group; None if it cannot be used, so that it has no members."""
        return cast("GroupHandle | None", self.handles.get(("groups", name)))

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

    def __init__(self, runtime: Runtime, scheduler: Scheduler | None = None) -> None:
        self._runtime = runtime
        self._scheduler = scheduler
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._closing = threading.Thread(target=self._work, name="closing", daemon=True)
        self._closing.start()

    def prepare(self, revision: int, snapshot: Snapshot, *, lenient: bool = False) -> Prepared:
        """Open what a configuration needs and the current world does not have.

        Raises SwitchError, and then nothing stays open. When `lenient`, as at the start of a server, an object that
        cannot be opened is logged and fails those who use it, while all others work. An object that could not be
        opened before and has not changed does not keep others from changing either.
        """
        opening = _Opening(snapshot, self._runtime, self._scheduler)
        inheritance = _Inheritance(self._runtime.world)
        failed: dict[Key, Exception] = {}
        try:
            for thing in snapshot:
                key = (thing.section, thing.name)
                unchanged = inheritance.accept(thing)
                try:
                    opening.open(thing, inheritance.handle(key))
                except (Inactive, NotUsableYet) as e:
                    failed[key] = e
                except Exception as e:
                    if not (lenient or unchanged):
                        raise SwitchError(f"{thing.section}/{thing.name}: {e}") from e
                    logger.exception("%s `%s` cannot be used", *key)
                    failed[key] = e
            return Prepared(World(revision, snapshot, opening.handles, failed), opening.opened)
        except BaseException:
            _close(opening.opened.values())
            raise

    def switch(self, prepared: Prepared) -> None:
        """Make a prepared world the current one; what the old one alone used is closed after its last request.

        Consumers of the old world finish what they have in hand before the new ones begin, so that order is kept.
        """
        old, new = self._runtime.world, prepared.world
        retired = {key: handle for key, handle in old.handles.items() if new.handles.get(key) is not handle}
        stopping = [handle for key, handle in retired.items() if _is_inbound(key, old)]
        starting = {key: handle for key, handle in prepared.opened.items() if _is_inbound(key, new)}
        unused = [handle for key, handle in retired.items() if not _is_inbound(key, old)]
        if old.handles:  # what never had any must not keep its successors alive
            old.succeeded_by(new)
        self._runtime.world = new
        if stopping or starting:
            self._jobs.put(partial(_replace, stopping, starting))
        if unused:
            # putting a job is all that may happen here: this runs in whichever thread lets go of the world last
            weakref.finalize(old, self._jobs.put, partial(_close, unused)).atexit = False

    def stop(self) -> None:
        """Close everything: what takes work in first, the rest after it."""
        self._jobs.put(None)
        self._closing.join()
        world = self._runtime.world
        _close_side_by_side(handle for key, handle in world.handles.items() if _is_inbound(key, world))
        _close(handle for key, handle in world.handles.items() if not _is_inbound(key, world))

    def _work(self) -> None:
        """Close and start handles, which may have to wait for work in hand, in a thread of its own and in order."""
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException:  # whatever it is, later worlds are to be closed and started too
                logger.exception("What an old world used was not closed, or what a new one needs was not started")
            del job  # it would keep what it closed


class _Inheritance:
    """What a world that is being prepared can take over from the one before it."""

    def __init__(self, before: World) -> None:
        self._before = before
        self._unchanged: set[Key] = set()

    def accept(self, thing: Kind) -> bool:
        """Whether neither an object nor anything that it is made with has changed. Ask in dependency order."""
        before = self._before.snapshot.get(thing.section, thing.name)
        unchanged = same_effect(before, thing) and all(key in self._unchanged for key in made_with(thing))
        if unchanged:
            self._unchanged.add((thing.section, thing.name))
        return unchanged

    def handle(self, key: Key) -> Handle | None:
        """The live handle of an object that was accepted."""
        return self._before.handles.get(key) if key in self._unchanged else None


class _Opening:
    """What the kinds' `open` may ask (kinds.base.Opening). Consumers keep it, so it must not hold a world."""

    def __init__(self, snapshot: Snapshot, runtime: Runtime, scheduler: Scheduler | None) -> None:
        self.server_name = runtime.name
        self.scheduler = scheduler
        self.handles: dict[Key, Handle] = {}
        self.opened: dict[Key, Handle] = {}
        self._snapshot = snapshot
        self._runtime = runtime

    def open(self, thing: Kind, inherited: Handle | None) -> None:
        """Open an object's handle, unless there is one to take over."""
        if not thing.is_active:
            return
        handle = inherited or thing.open(self)
        if handle is None:
            return
        self.handles[thing.section, thing.name] = handle
        if inherited is None:
            self.opened[thing.section, thing.name] = handle

    def object(self, section: str, name: str) -> Kind:
        thing = self._snapshot.get(section, name)
        if thing is None:
            raise KeyError(f"there is no `{name}` in `{section}`")
        return thing

    def handle(self, section: str, name: str) -> Handle:
        handle = self.handles.get((section, name))
        if handle is None:
            raise _unusable(self.object(section, name))
        return handle

    def invoke(self, service: str, payload: Any, *, channel: Kind, channel_type: str, extra: Mapping[str, Any]) -> Any:
        return self._runtime.run_for_channel(service, payload, channel=channel, channel_type=channel_type, extra=extra)


def _unusable(thing: Kind) -> Exception:
    """Why an object that exists has no live handle."""
    if thing.pending and thing.is_active:
        return NotUsableYet(f"{thing.label()} cannot be used yet: {thing.name}")
    return Inactive(thing.name)


def _is_inbound(key: Key, world: World) -> bool:
    thing = world.snapshot.get(*key)
    return thing is not None and thing.inbound


def _replace(stopping: list[Handle], starting: Mapping[Key, Handle]) -> None:
    _close_side_by_side(stopping)
    for key, handle in starting.items():
        try:
            cast("InboundHandle", handle).start()
        except BaseException:  # whatever it is, the others are to be started
            logger.exception("%s `%s` could not be started", *key)


def _close_side_by_side(handles: Iterable[Handle]) -> None:
    """Close handles that do not need each other, since each waits for its own work."""
    with ThreadPoolExecutor(max_workers=64, thread_name_prefix="closing") as threads:
        for handle in handles:
            threads.submit(_close, [handle])


def _close(handles: Iterable[Handle]) -> None:
    """Close handles, those that others need last."""
    for handle in reversed(list(handles)):
        try:
            handle.close()
        except BaseException:  # whatever it is, the others are to be closed
            logger.exception("A connection was not closed cleanly")


EMPTY = World(0, Snapshot(), {})
"""What there is before the first switch."""
