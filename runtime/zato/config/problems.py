"""What is wrong with configuration files, where, and what to do: all of it in one run."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from zato.kinds.redact import without_userinfo

MAX_SHOWN = 240
"""How many characters of a value or a path are told."""
_END = 40

Severity = Literal["error", "warning"]


class Place(msgspec.Struct, frozen=True, order=True):
    """A position in a file. Lines and columns count from 1; line 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    place: Place
    message: str
    path: str = ""
    """Where in the configuration: `channel_rest/My channel/url_path`."""
    hint: str = ""
    """What to do about it."""
    severity: Severity = "error"
    related: tuple[tuple[str, Place], ...] = ()
    """Other places that matter, each with what is there."""

    def __str__(self) -> str:
        warning = "warning: " if self.severity == "warning" else ""
        path = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return printable(f"{self.place}: {warning}{path}{self.message}{hint}")


class Problems:
    """Collects problems, so that every stage of the chain can go on with what is sound."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def error(
        self, place: Place, message: str, *, path: str = "", hint: str = "", related: Iterable[tuple[str, Place]] = ()
    ) -> None:
        """Note something that stops an import."""
        self._note("error", place, message, path, hint, related)

    def warning(self, place: Place, message: str, *, path: str = "", hint: str = "") -> None:
        """Note something that does not stop an import."""
        self._note("warning", place, message, path, hint)

    def _note(
        self,
        severity: Severity,
        place: Place,
        message: str,
        path: str,
        hint: str,
        related: Iterable[tuple[str, Place]] = (),
    ) -> None:
        problem = Problem(
            place=place,
            message=_shown(message),
            path=_without_middle(path),
            hint=_shown(hint),
            severity=severity,
            related=tuple(related),
        )
        self._found.append(problem)

    @property
    def errors(self) -> list[Problem]:
        """What stops an import, in the order of the files' lines."""
        return [problem for problem in self if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """What does not stop an import, in the order of the files' lines."""
        return [problem for problem in self if problem.severity == "warning"]

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._found, key=lambda problem: problem.place))


def printable(text: str) -> str:
    """A text on one line, without what could steer a terminal: such characters become escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


_LONG_VALUE = re.compile(rf"(?<=`)[^`]{{{MAX_SHOWN + 1},}}(?=`)")


def _shown(text: str) -> str:
    """A text without credentials of URLs and without the middle of long values."""
    return _LONG_VALUE.sub(lambda match: _without_middle(match[0]), without_userinfo(text))


def _without_middle(text: str) -> str:
    """The beginning and the end of a long text: of a path, section and field are there."""
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - _END]}…{text[1 - _END :]}"


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """A hint that names what was probably meant, or "" where nothing is near."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(wrong.lower(), names, n=1, cutoff=0.6)
    return f"did you mean `{names[near[0]]}`?" if near else ""
