"""URL paths of REST channels: `/customer/{cust_id}` (reference: enmasse, section 3.3.2; service-api, section 2.1).

Paths of outgoing connections (`PathTemplate`) are in `template.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from zato.kinds.http.channel import ChannelHTTP

MAX_LENGTH = 200
"""Longest URL path of a channel, in characters."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[\w $.\-:|=~^/]+")
_VALUE = re.compile(r"[A-Za-z0-9_ $.\-:|=~^]+")
_VALUE_WITH_SLASHES = re.compile(r"[A-Za-z0-9_ $.\-:|=~^/]+")


class Template(NamedTuple):
    """A URL path taken apart: there is one more literal than there are names."""

    literals: list[str]
    names: list[str]


def parse(url_path: str) -> Template:
    """Take apart a URL path in which `check` finds nothing wrong."""
    pieces = _PLACEHOLDER.split(url_path)
    return Template(pieces[::2], pieces[1::2])


def match(template: Template, path: str, *, match_slash: bool) -> dict[str, str] | None:
    """The parameters that a path holds, or None where the template does not match all of it.

    Each parameter takes as much as it can, the first one first: what a regular expression would find, but in time
    that grows with the length of the path only. Going from the end, the last place where a literal fits is always
    right, since whatever lies between two places belongs to a value in either case.
    """
    if not template.names:
        return {} if path == template.literals[0] else None
    first, *between, last = template.literals
    if not (path.startswith(first) and path.endswith(last)):
        return None
    value = _VALUE_WITH_SLASHES if match_slash else _VALUE
    end = len(path) - len(last)
    values = []
    for literal in reversed(between):
        start = path.rfind(literal, len(first) + 1, end - 1)
        if start == -1:
            return None
        values.append(path[start + len(literal) : end])
        end = start
    values.append(path[len(first) : end])
    if not all(map(value.fullmatch, values)):
        return None
    return dict(zip(template.names, reversed(values), strict=True))


def check(url_path: str) -> str | None:
    """Say what is wrong with a channel's URL path, or return None."""
    names = parse(url_path).names
    without, shaped = _PLACEHOLDER.sub("", url_path), shape(url_path)
    bad_name = next((name for name in names if not _NAME.fullmatch(name)), None)
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if not url_path.startswith("/"):
        return "a URL path starts with `/`"
    if len(url_path) > MAX_LENGTH:
        return f"a URL path has at most {MAX_LENGTH} characters, this one {len(url_path)}"
    if ":::" in url_path:
        return "a URL path cannot contain `:::`"
    if "{" in without or "}" in without:
        return "each `{` needs its own `}`, and parameters do not nest"
    if "?" in without or "#" in without:
        return "a URL path ends before `?` and `#`"
    if "//" in shaped:
        return "a URL path has no empty parts, as `//` makes them"
    if not {".", ".."}.isdisjoint(shaped.split("/")):
        return "a part of a URL path cannot be `.` or `..`"
    if "%2e" in shaped.lower():
        return "a URL path has its dots as they are, not as `%2e`"
    if bad_name is not None:
        return f"`{bad_name}` cannot be the name of a parameter" if bad_name else "a parameter needs a name"
    if repeated is not None:
        return f"the parameter `{repeated}` is there more than once"
    if "}{" in url_path:
        return "something must separate two parameters"
    return None


def shape(url_path: str) -> str:
    """What two URL paths that match the same paths have in common: all but the names of their parameters."""
    return _PLACEHOLDER.sub("{}", url_path) if "{" in url_path else url_path


def conflicts(channels: Iterable[ChannelHTTP]) -> Iterator[tuple[ChannelHTTP, ChannelHTTP]]:
    """Pairs of channels that answer the same request: the first of them, and each later one."""
    first: dict[tuple[str, tuple[str, str, str]], ChannelHTTP] = {}
    for channel in channels:
        key = (shape(channel.url_path), channel.selector)
        other = first.setdefault(key, channel)
        if other is not channel:
            yield other, channel
