"""The `.env.example` beside exported files: the variables without which each of them cannot be imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from zato.config.document import variables_of
from zato.config.problems import printable

NAME = ".env.example"
_MARK = "# Made by `zato enmasse`"
_HEADING = re.compile(rf"{_MARK}: the variables that (.*) needs\.")
_ADVICE = "# Fill in a copy, keep it out of version control, and give it as --env-file."
_VARIABLE = re.compile(r"(?:# )?([A-Za-z_][A-Za-z0-9_]*)=(?: \(above\))?")


def needed(values: Any) -> list[str]:
    """The variables without a default that values name, in the order in which they do."""
    return list(dict.fromkeys(variable.name for variable in variables_of(values) if variable.default is None))


def updated(text: str, file: str, variables: Iterable[str]) -> str:
    """The example with the part of one file made anew, or taken out if it needs no variables; "" if none is left.

    It is an --env-file in which the values are missing. A variable that several files need is set in the first part.
    """
    parts = _parts(text)
    file, names = printable(file), [f"{name}=" for name in variables]
    if names:
        parts[file] = [_ADVICE, *names]
    else:
        parts.pop(file, None)
    return "\n".join(_lines(parts))


def _parts(text: str) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            lines = parts[heading[1]] = []
        elif line:
            lines.append(line)
    return parts


def _lines(parts: dict[str, list[str]]) -> Iterator[str]:
    seen: set[str] = set()
    for file, lines in parts.items():
        yield f"{_MARK}: the variables that {file} needs."
        for line in lines:
            variable = _VARIABLE.fullmatch(line)
            if variable is None:
                yield line
            else:
                yield f"# {variable[1]}= (above)" if variable[1] in seen else f"{variable[1]}="
                seen.add(variable[1])
        yield ""


def is_ours(text: str) -> bool:
    """Whether a file was made here, so that it may be made anew."""
    return text.startswith(_MARK)
