"""User configuration: `.conf` and `.ini` files that services read while they change (service-api, section 1.9)."""

from __future__ import annotations

import ast
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from configobj import ConfigObj, ConfigObjError

from zato.common.ext.bunch import Bunch
from zato.config.problems import Place, Problem
from zato.errors import ConfigurationError
from zato.server.watch import Signature, find

SUFFIXES = (".conf", ".ini")
ENVIRONMENT = "env.ini"
"""Name of the file whose section `env` becomes environment variables, and which services do not see."""

_INT = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][+-]?[0-9]+)?")
_BOOLEANS = {"True": True, "true": True, "False": False, "false": False}
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")

log = logging.getLogger(__name__)


class Section(Bunch):
    """A Bunch that changes under its readers' hands: who goes through it goes through what it was at that moment."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        return iter(list(dict.keys(self)))

    def keys(self) -> Any:
        """The keys of this moment."""
        return self.copy().keys()

    def values(self) -> Any:
        """The values of this moment."""
        return self.copy().values()

    def items(self) -> Any:
        """The keys and values of this moment."""
        return self.copy().items()

    def copy(self) -> Bunch:
        """What it is at this moment, and stays."""
        return Bunch(list(dict.items(self)))

    def become(self, other: Mapping[str, Any]) -> None:
        """Take over keys and values, also in the sections within, which stay the same objects.

        A reader sees the old or the new value of a key, never that it is missing while both have it.
        """
        fresh = dict(list(other.items()))
        for name, value in fresh.items():
            old = dict.get(self, name)
            if isinstance(old, Section) and isinstance(value, Section):
                old.become(value)
                fresh[name] = old
        dict.update(self, fresh)  # one step for all threads: keys are plain strings
        for name in self:
            if name not in fresh:
                dict.pop(self, name, None)


class UserConfig:
    """The files of the user-conf directories."""

    def __init__(self, directories: Sequence[Path]) -> None:
        """Read them. Where a key is there twice the first directory's file counts."""
        self.directories = directories
        self.values: Bunch = Section()
        """What services see: one section for each file, by the file's name up to its first dot."""
        self._read: dict[Path, Signature] = {}
        self._problems: dict[Path, Sequence[Problem]] = {}
        self._keys: dict[str, Path] = {}
        self._lock = threading.Lock()
        self.rescan()

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with files at the moment; of a broken one the values before it was broken are kept."""
        return [problem for problems in self._problems.values() for problem in problems]

    def rescan(self) -> None:
        """Take over files that are new, changed or gone."""
        with self._lock:
            found = dict(find(self.directories, SUFFIXES))
            for path in self._read.keys() - found.keys():
                self._forget(path)
            for path in sorted(found, key=lambda path: path.name != ENVIRONMENT):  # others may name its variables
                if found[path] != self._read.get(path):
                    try:
                        self._take_over(path)
                    except Exception as e:  # noqa: BLE001 - one file must not keep others from being taken over
                        problem = _problem(path, 0, f"the file cannot be used: {type(e).__name__}: {e}")
                        self._report(path, [problem])
                    self._read[path] = found[path]

    def _take_over(self, path: Path) -> None:
        self._problems.pop(path, None)
        key = path.name.partition(".")[0]
        first = self._keys.get(key, path)
        if first != path:
            self._report(path, [_problem(path, 0, f"`{key}` is read from another file", f"{first} is the first")])
            return
        try:
            section = read(path)
        except ConfigurationError as e:
            self._report(path, e.problems)
            return
        if path.name == ENVIRONMENT:
            os.environ.update({name: str(value) for name, value in section.get("env", {}).items()})
            return
        self._keys[key] = path
        known = self.values.get(key)
        if isinstance(known, Section):
            known.become(section)
            log.info("Updated user configuration `%s` from `%s`", key, path)
        else:
            self.values[key] = section
            log.info("Read user configuration `%s` from `%s`", key, path)

    def _forget(self, path: Path) -> None:
        del self._read[path]
        self._problems.pop(path, None)
        key = path.name.partition(".")[0]
        if self._keys.get(key) == path:
            del self._keys[key]
            self.values.pop(key, None)
            self._read = {other: seen for other, seen in self._read.items() if other.name.partition(".")[0] != key}
            log.info("Dropped user configuration `%s`, since `%s` is gone", key, path)

    def _report(self, path: Path, problems: Sequence[Problem]) -> None:
        self._problems[path] = problems
        for problem in problems:
            log.error("%s", problem)


def read(path: Path) -> Section:
    """Read one file. Raises ConfigurationError with every problem."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigurationError([_problem(path, 0, f"the file cannot be read: {e}")]) from None
    try:
        parsed = ConfigObj(lines, interpolation=False, raise_errors=False)
    except ConfigObjError as e:
        errors: list[ConfigObjError] = vars(e)["errors"]
        raise ConfigurationError([_syntax_problem(path, found) for found in errors]) from None
    try:
        return _section(parsed)
    except _Unset as e:
        line = next(number for number, text in enumerate(lines, 1) if e.written in text)
        hint = "set it, or write `$$` for a dollar sign"
        problem = _problem(path, line, f"the environment variable `{e.name}` is not set", hint)
        raise ConfigurationError([problem]) from None


def _problem(path: Path, line: int, message: str, hint: str = "") -> Problem:
    return Problem(place=Place(str(path), line, 1 if line else 0), message=message, hint=hint)


def _syntax_problem(path: Path, e: ConfigObjError) -> Problem:
    return _problem(path, e.line_number, str(e).removesuffix(f" at line {e.line_number}."))


class _Unset(Exception):
    def __init__(self, written: str, name: str) -> None:
        self.written = written
        self.name = name
        super().__init__(name)


def _section(values: Mapping[str, Any]) -> Section:
    return Section((name, _value(value)) for name, value in values.items())


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _section(value)
    if isinstance(value, list):
        return [_value(item) for item in value]
    return typed(_expanded(value))


def _expanded(text: str) -> str:
    """The value of the environment variable that a text names as a whole, else the text."""
    variable = _VARIABLE.fullmatch(text)
    if variable:
        name = variable[1] or variable[2]
        if name not in os.environ:
            raise _Unset(text, name)
        return os.environ[name]
    return text[1:] if text.startswith("$$") else text


def typed(text: str) -> Any:
    """What a value in a file means: a number, a boolean, a Python dict, list or tuple, else text."""
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text.startswith(("{", "[", "(")):
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # as literal_eval's reference lists
            return text
    return text
