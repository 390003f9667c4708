"""Finds users' service files, imports them, and imports them anew when they change."""

from __future__ import annotations

import importlib
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from zato.config.problems import Place, Problem
from zato.server.invoke import Deployed
from zato.server.modules import Modules, Source
from zato.server.service import Service
from zato.server.watch import Signature, find

SUFFIXES = (".py",)

log = logging.getLogger(__name__)

# Before a capital that follows a small letter, or that is followed by one
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<!^)(?=[A-Z][a-z])")


class Services:
    """The services of the files below some directories."""

    def __init__(self, directories: Sequence[Path]) -> None:
        """Deploy what is there; what is wrong with it is in `problems`."""
        self.directories = tuple(dict.fromkeys(directory.resolve() for directory in directories))
        self.current: Mapping[str, Deployed] = MappingProxyType({})
        """Deployed services by name; replaced as a whole, never changed."""
        self._modules = Modules()
        self._files: dict[Path, _File] = {}
        self._taken: list[Problem] = []
        self._lock = threading.Lock()
        self.rescan()

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with files at the moment; of a broken one the version that worked goes on serving."""
        return [*(file.problem for file in self._files.values() if file.problem), *self._taken]

    def rescan(self) -> None:
        """Take over files that are new, changed or gone."""
        with self._lock:
            changed = self._read()
            if not changed:
                return
            self._import(self._modules.affected_by(changed))
            self._publish()

    def close(self) -> None:
        """Forget the services and their modules."""
        with self._lock:
            self.current = MappingProxyType({})
            self._modules.close()

    def _read(self) -> set[str]:
        """Read what is new or changed, and return the names of the modules that are not what they were."""
        found = {path: (signature, directory) for path, signature, directory in self._find()}
        changed = set()
        for path in self._files.keys() - found.keys():
            changed.add(self._files.pop(path).module)
        for module in changed:
            self._modules.release(module)
        for path, (signature, directory) in found.items():
            file = self._files.get(path)
            if file is None:
                file = self._files[path] = _File(self._modules.reserve(path, directory))
            if file.signature != signature and self._read_file(path, file):
                changed.add(file.module)
            file.signature = signature
        return changed

    def _find(self) -> Iterable[tuple[Path, Signature, Path]]:
        seen = set()
        for directory in self.directories:
            for path, signature in find([directory], SUFFIXES):
                if path not in seen and not path.is_symlink():
                    seen.add(path)
                    yield path, signature, directory

    def _read_file(self, path: Path, file: _File) -> bool:
        try:
            content = path.read_bytes()
            if content == file.content:
                return False
            file.content = content
            self._modules.add(Source(path, file.module, content))
        except (OSError, SyntaxError, ValueError) as e:
            file.problem = self._problem(path, e)
            log.error("%s", file.problem)
            return False
        return True

    def _import(self, modules: Sequence[str]) -> None:
        """Run modules; where one fails the one before it comes back."""
        before = {name: module for name in modules if (module := sys.modules.pop(name, None))}
        for name in modules:
            source = self._modules.source(name)
            file = self._files[source.path]
            if not (_may_hold_services(source) or name in before):
                file.problem = None
                continue
            try:
                module = importlib.import_module(name)
                file.deployed = _services(module, source)
                file.problem = None
            except BaseException as e:  # users' code may raise anything
                if name in before:
                    sys.modules[name] = before[name]
                file.problem = self._problem(source.path, e)
                log.error("%s", file.problem, exc_info=e)

    def _publish(self) -> None:
        services: dict[str, Deployed] = {}
        self._taken = []
        for file in self._files.values():
            for deployed in file.deployed:
                first = services.setdefault(deployed.name, deployed)
                if first is not deployed:
                    self._taken.append(_taken(deployed, first))
                    log.error("%s", self._taken[-1])
        before, self.current = self.current, MappingProxyType(services)
        _log_difference(before, services)

    def _problem(self, path: Path, e: BaseException) -> Problem:
        """What is wrong with a file, and where in it."""
        if isinstance(e, SyntaxError) and e.filename == str(path):
            return Problem(place=Place(e.filename, e.lineno or 0, e.offset or 1), message=f"SyntaxError: {e.msg}")
        message = f"{type(e).__name__}: {traceback.TracebackException.from_exception(e)}"  # whatever its __str__ does
        frames = [frame for frame in traceback.extract_tb(e.__traceback__) if Path(frame.filename) in self._files]
        here = [frame.lineno or 0 for frame in frames if frame.filename == str(path)]
        if frames and frames[-1].filename != str(path):
            message += f", at {frames[-1].filename}:{frames[-1].lineno}"
        return Problem(place=Place(str(path), here[-1], 1) if here else Place(str(path)), message=message)


class _File:
    """A file and what came of it."""

    __slots__ = ("content", "deployed", "module", "problem", "signature")

    def __init__(self, module: str) -> None:
        self.module = module
        self.signature: Signature | None = None
        self.content: bytes | None = None
        self.deployed: list[Deployed] = []
        self.problem: Problem | None = None


def _may_hold_services(source: Source) -> bool:
    """Whether to import a file for its own sake: scripts and helpers without a class wait until they are imported."""
    return bool(source.lines_of_classes())


def _services(module: ModuleType, source: Source) -> list[Deployed]:
    """The services that a module itself defines."""
    lines = source.lines_of_classes()
    classes = dict.fromkeys(thing for thing in vars(module).values() if _is_service(thing, module))
    return [Deployed(cls, service_name(cls, source.path), source.path, lines.get(cls.__name__, 0)) for cls in classes]


def _is_service(thing: Any, module: ModuleType) -> bool:
    return (
        isinstance(thing, type)
        and issubclass(thing, Service)
        and thing.__module__ == module.__name__
        and not thing.__dict__.get("zato_dont_import")
    )


def service_name(cls: type[Service], path: Path) -> str:
    """The name that a class has given itself, or that of its file and its own (service-api, section 1.15)."""
    own = cls.__dict__.get("name")
    if isinstance(own, str) and own.strip():
        return own.strip()
    return f"{_file_name(path)}.{_HUMP.sub('-', cls.__name__).lower()}"


def _file_name(path: Path) -> str:
    folders = list(path.parts[:-1])
    sources = [index for index, folder in enumerate(folders) if folder in {"src", "source"}]
    below = folders[sources[-1] + 1 :] if sources and folders[-1] != "services" else []
    names = [*below, *([] if path.stem == "__init__" else [path.stem])]
    return ".".join(names).replace("_", "-")


def _taken(second: Deployed, first: Deployed) -> Problem:
    return Problem(
        place=Place(str(second.file), second.line, 1),
        message=f"the service name `{second.name}` is taken",
        hint=f"{first.file}:{first.line} goes on serving it",
        related=(("first", Place(str(first.file), first.line, 1)),),
    )


def _log_difference(before: Mapping[str, Deployed], now: Mapping[str, Deployed]) -> None:
    by_file: dict[Path, list[str]] = {}
    for name, deployed in now.items():
        if before.get(name) is not deployed:
            by_file.setdefault(deployed.file, []).append(name)
    for file, names in by_file.items():
        what = f"{len(names)} services" if len(names) > 1 else "service"
        log.info("Deployed %s from `%s` -> %s", what, file, ", ".join(sorted(names)))
    for name in before.keys() - now.keys():
        log.info("Service `%s` is gone with its file, `%s`", name, before[name].file)
