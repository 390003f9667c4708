"""Users' Python files as modules that import each other and are imported anew when they change."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

ROOTS = frozenset({"src", "source", "services"})
"""Folders below which module names begin, as well as below the deployed directories themselves."""


class Source:
    """One file, as it was when it was read."""

    __slots__ = ("content", "imports", "module", "package", "path", "tree")

    def __init__(self, path: Path, module: str, content: bytes) -> None:
        """Parse a file. Raises SyntaxError or ValueError."""
        self.path = path
        self.module = module
        self.content = content
        self.tree = ast.parse(content, str(path))
        self.package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        self.imports = frozenset(_imports(self.tree, self.package)) | set(_parents(module))

    def lines_of_classes(self) -> dict[str, int]:
        """Where each class of the file begins."""
        return {node.name: node.lineno for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)}


def _imports(tree: ast.Module, package: str) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
                yield from _parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            yield module
            yield from _parents(module)
            for alias in node.names:
                yield f"{module}.{alias.name}"


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    base = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*base, *filter(None, [node.module])])


def _parents(module: str) -> Sequence[str]:
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def module_name(path: Path, directory: Path) -> str:
    """Name that a file below a deployed directory is imported by."""
    folders = path.relative_to(directory).parts[:-1]
    below = max((index + 1 for index, folder in enumerate(folders) if folder in ROOTS), default=0)
    names = [*folders[below:], *([] if path.name == "__init__.py" else [path.stem])] or [path.parent.name]
    return ".".join(name.replace(".", "_") for name in names)


class Modules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and runs the modules of users' files; none of them can stand in for a module that is installed."""

    def __init__(self) -> None:
        self._names: dict[str, Path] = {}
        self._folders: Counter[str] = Counter()
        self._sources: dict[str, Source] = {}
        sys.meta_path.append(self)

    def close(self) -> None:
        """Forget all modules."""
        sys.meta_path.remove(self)
        for name in [*self._names, *self._folders]:
            sys.modules.pop(name, None)

    def reserve(self, path: Path, directory: Path) -> str:
        """Give a file below a deployed directory a module name that no other file and no installed package has."""
        top, dot, rest = module_name(path, directory).partition(".")
        tops = itertools.chain([top], (f"{top}_{number}" for number in itertools.count(2)))
        name = next(top + dot + rest for top in tops if self._is_free(top, dot + rest, path))
        self._names[name] = path
        self._folders.update(_parents(name))
        return name

    def _is_free(self, top: str, rest: str, path: Path) -> bool:
        if top + rest in self._names:
            return False
        if rest:
            package = self._names.get(top)
            return package.name == "__init__.py" if package else top in self._folders or not _is_installed(top)
        if top in self._folders:
            return path.name == "__init__.py"
        return not _is_installed(top)

    def release(self, name: str) -> None:
        """Forget the file that has a name."""
        del self._names[name]
        self._sources.pop(name, None)
        self._folders.subtract(_parents(name))
        for gone in [name, *_parents(name)]:
            if gone not in self._names and self._folders[gone] <= 0:
                del self._folders[gone]
                sys.modules.pop(gone, None)

    def add(self, source: Source) -> None:
        """Have the next import of a module run this source."""
        self._sources[source.module] = source

    def source(self, module: str) -> Source:
        """The source of a module."""
        return self._sources[module]

    def affected_by(self, changed: Iterable[str]) -> list[str]:
        """Modules that must run again when some have changed: each after those that it imports."""
        importers: dict[str, set[str]] = {}
        for source in self._sources.values():
            for name in source.imports:
                importers.setdefault(name, set()).add(source.module)
        reached: set[str] = set()
        waiting = list(changed)
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += importers.get(name, ())
        ordered: dict[str, None] = {}
        for name in sorted(reached & self._sources.keys()):
            self._put_after_imports(name, reached, ordered, set())
        return list(ordered)

    def _put_after_imports(self, name: str, among: set[str], ordered: dict[str, None], entered: set[str]) -> None:
        if name in entered:  # they import each other
            return
        entered.add(name)
        for other in sorted(self._sources[name].imports & among & self._sources.keys()):
            self._put_after_imports(other, among, ordered, entered)
        ordered.setdefault(name)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module for Python's import."""
        source = self._sources.get(fullname)
        if source is None:
            is_folder = fullname in self._folders
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True) if is_folder else None
        spec = importlib.machinery.ModuleSpec(
            fullname, self, origin=str(source.path), is_package=source.package == fullname
        )
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Run a module for Python's import."""
        source = self._sources[module.__name__]
        exec(compile(source.tree, str(source.path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102  (what deployment means)


def _is_installed(top: str) -> bool:
    if top in sys.modules or top in sys.stdlib_module_names:
        return True
    return importlib.machinery.PathFinder.find_spec(top) is not None
