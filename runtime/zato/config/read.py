"""Read: files, directories and globs become documents, together with what they include."""

from __future__ import annotations

import gc
import glob
import hashlib
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from zato.config.document import Document, Items, Node, Unreadable, is_unknown, parse
from zato.config.problems import Place, Problems

MAX_BYTES = 64 * 1024 * 1024
MAX_INCLUDE_DEPTH = 20
SUFFIXES = (".yaml", ".yml", ".json")


class Read(NamedTuple):
    """What was read."""

    documents: list[Document]
    is_complete: bool
    """False where a file could not be read, so that nobody knows what it defines."""


def read(inputs: Iterable[str], environ: Mapping[str, str], problems: Problems) -> Read:
    """Read files, directories, globs and `-` (standard input), with what they include, each file once."""
    reader = _Reader(environ, problems)
    collecting = gc.isenabled()
    gc.disable()  # two thirds of the time would go into looking for cycles among values that are all still in use
    try:
        for given in inputs:
            reader.read(given)
    finally:
        if collecting:
            gc.enable()
    return Read(reader.documents, reader.is_complete)


class _Reader:
    def __init__(self, environ: Mapping[str, str], problems: Problems) -> None:
        self.documents: list[Document] = []
        self.is_complete = True
        self._environ = environ
        self._problems = problems
        self._seen: set[Path] = set()
        self._open: list[Path] = []

    def read(self, given: str) -> None:
        """Read what one `--input` names."""
        if given == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1) if sys.stdin else b""
            self._document(Document("<stdin>"), content, Path(), Path())
            return
        try:
            found = self._found(given, _path(given))
        except OSError as e:
            found = []
            self._unreadable(Place(given), f"it cannot be read: {e.strerror}")
        for file in found:
            self._file(file, file.parent, None)

    def _found(self, given: str, path: Path) -> list[Path]:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file() and not _hidden(p, path))
            if not found:
                message = "there is no configuration file in this directory"
                self._unreadable(Place(given), message, hint="it needs *.yaml, *.yml or *.json")
        elif path.exists() or not glob.has_magic(given):
            found = [path]
        else:
            found = _matching(path)
            if not found:
                self._unreadable(Place(given), "no file matches this pattern")
        return found

    def _unreadable(self, place: Place, message: str, *, path: str = "", hint: str = "") -> None:
        self.is_complete = False
        self._problems.error(place, message, path=path, hint=hint)

    def _file(self, path: Path, root: Path, included_at: Place | None) -> None:
        real = path.resolve()
        if real in self._seen:
            return
        self._seen.add(real)
        content = self._content(path)
        if content is not None:
            self._open.append(real)
            self._document(Document(str(path), included_at=included_at), content, root, path.parent)
            self._open.pop()

    def _content(self, path: Path) -> bytes | None:
        try:
            opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO would wait for its writer
            with os.fdopen(opened, "rb") as file:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return file.read(MAX_BYTES + 1)
            self._unreadable(Place(str(path)), "this is not a regular file", hint="pipe its content into `--input -`")
        except FileNotFoundError:
            self._unreadable(Place(str(path)), "there is no such file")
        except OSError as e:
            self._unreadable(Place(str(path)), f"the file cannot be read: {e.strerror}")
        return None

    def _document(self, document: Document, content: bytes, root: Path, directory: Path) -> None:
        self.documents.append(document)
        try:
            document.sha256 = hashlib.sha256(content).hexdigest()
            document.text = _decoded(content, document.name)
            value = parse(document, self._environ, self._problems)
        except Unreadable as e:
            self._unreadable(e.place, e.message, hint=e.hint)
            return
        if value is None:
            self._problems.warning(Place(document.name), "the file is empty")
        elif not isinstance(value, Node):
            given = "a list" if isinstance(value, Items) else "a single value"
            message = f"a configuration file is a mapping of sections to lists of objects, and this one is {given}"
            self._unreadable(Place(document.name, 1, 1), message)
        else:
            document.root = value
            self._include(document, root, directory)

    def _include(self, document: Document, root: Path, directory: Path) -> None:
        wanted = document.root.pop("include", None)
        place = document.root.value_place("include")
        places = [place]
        if isinstance(wanted, Items):
            places = [Place(document.name, line + 1, column + 1) for line, column in wanted.positions]
        items = wanted if isinstance(wanted, list) else [wanted] if wanted is not None else []
        for item, at in zip(items, places, strict=False):
            if not isinstance(item, str):
                self._unreadable(at, "`include` is a list of paths", path="include")
            elif not is_unknown(item):
                self._include_item(item.removeprefix("file://"), at, root, directory)

    def _include_item(self, item: str, place: Place, root: Path, directory: Path) -> None:
        try:
            found = self._included(item, root, directory)
        except (OSError, ValueError) as e:
            message = f"`{item}` cannot be included: {getattr(e, 'strerror', None) or e}"
            self._unreadable(place, message, path="include")
            return
        if not found:
            self._unreadable(place, f"there is no file `{item}` to include", path="include")
        for path in found:
            self._follow(path, place, root)

    def _included(self, item: str, root: Path, directory: Path) -> list[Path]:
        """Relative to the including file as in 4.x, else to the first one as in 3.2 (reference: enmasse, 4.3)."""
        for base in (directory, root):
            path = base / _path(item)
            if path.is_file():
                return [path]
            # a pattern may match the file that it stands in
            found = [match for match in _matching(path) if match.resolve() not in self._open]
            if found:
                return found
        return []

    def _follow(self, path: Path, place: Place, root: Path) -> None:
        real = path.resolve()
        if real in self._open:
            cycle = [*self._open[self._open.index(real) :], real]
            message = f"files include each other: {' → '.join(map(str, cycle))}"
            self._problems.error(place, message, path="include", hint="remove one of the includes")
        elif len(self._open) > MAX_INCLUDE_DEPTH:
            self._unreadable(place, f"includes are nested deeper than {MAX_INCLUDE_DEPTH}", path="include")
        else:
            self._file(path, root, place)


def _path(given: str) -> Path:
    path = Path(given)
    with suppress(RuntimeError):  # there is no such user
        path = path.expanduser()
    return path


def _matching(pattern: Path) -> list[Path]:
    if not glob.has_magic(str(pattern)):
        return []
    found = glob.glob(str(pattern), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    return sorted(path for path in map(Path, found) if path.is_file())


def _decoded(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        hint = "split it and `include` the parts"
        raise Unreadable(Place(name), f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", hint)
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as e:
        place = Place(name, content.count(b"\n", 0, e.start) + 1, e.start - content.rfind(b"\n", 0, e.start))
        encoding = "UTF-16" if utf_16 else "UTF-8"
        raise Unreadable(place, f"byte 0x{content[e.start]:02x} is not {encoding}", "save the file as UTF-8") from None


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
