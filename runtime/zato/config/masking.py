"""The text of a file as it may be shown: stars in place of what may be a secret, all else where it was."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import cache

from zato.kinds import KINDS
from zato.kinds.base import fields_of
from zato.kinds.redact import PARAMETER, USERINFO, is_secret_name

Range = tuple[int, int]
"""Offsets of the first character and of the one behind the last."""

_ENTRY = re.compile(
    r"""(?<![\w-])(?P<key>[\w-]+)(?P<colon>["']?[ \t]*:[ \t]+|:(?!/))"""
    r"""(?P<value>"[^"\n]*"?|'[^'\n]*'?|[^\s,{}\[\]#&"'][^,}#&"'\n]*)"""
)
_KEY = re.compile(r"""(?P<indent>[ \t]*(?:-[ \t]+)*)["']?(?P<key>[\w-]+)["']?[ \t]*:(?P<rest>.*)""")
_VARIABLE = re.compile(r"""["']?(?:\$\{\w+\}?|\{?Zato_?Enmasse_?Env\.\w+\}?)["']?""")
_NO_LINE_BREAK = re.compile("[^\r\n\x85\u2028\u2029]")


def _spellings(*, secret: bool) -> set[str]:
    fields = (field for kind in KINDS for field in fields_of(kind).values() if field.secret == secret)
    return {spelling for field in fields for spelling in (field.name, *field.also)}


_SECRETS = _spellings(secret=True)
_HARMLESS = _spellings(secret=False) - _SECRETS
_ALL = sorted(_SECRETS | _HARMLESS)


@cache
def is_like_a_secret(key: str) -> bool:
    """Whether a field is called as a secret is, or may have been meant to be."""
    if key in _HARMLESS:
        return False
    near = difflib.get_close_matches(key.lower(), _ALL, n=1)
    return is_secret_name(key) or bool(near and near[0] in _SECRETS)


def is_variable(value: str) -> bool:
    """Whether a value as it is written is a variable and nothing else, which is none of the secret."""
    return _VARIABLE.fullmatch(value.strip()) is not None


def masked(text: str, secrets: Iterable[Range]) -> str:
    """A text with stars in place of the secrets at the given places, and of what else looks like one."""
    pieces, position = [], 0
    for start, end in sorted(secrets):
        if end > position:
            pieces += [text[position:start], _stars(text[max(start, position) : end])]
            position = end
    text = "".join((*pieces, text[position:]))
    for pattern, replacement in ((_ENTRY, _entry), (PARAMETER, _parameter), (USERINFO, _userinfo)):
        text = pattern.sub(replacement, text)
    return text


def secrets_by_line(text: str) -> Iterator[Range]:
    """Where the secrets of a text are that cannot be read as YAML: lines that hold one, and those indented under it."""
    start, above = 0, -1
    for line in text.splitlines(keepends=True):
        content = line.lstrip(" \t-")
        indent = len(line) - len(content)
        key = _KEY.match(line)
        if above >= 0 and (indent > above or not key):
            yield start, start + len(line)
        elif key and is_like_a_secret(key["key"]) and (indent or key["rest"].strip()):
            above = indent
            if not is_variable(key["rest"]):
                yield start + key.start("rest"), start + len(line)
        else:
            above = -1
        start += len(line)


def _stars(secret: str) -> str:
    return _NO_LINE_BREAK.sub("*", secret)


def _entry(match: re.Match[str]) -> str:
    value = match["value"].rstrip()
    if is_variable(value) or not is_like_a_secret(match["key"]):
        return match[0]
    return f"{match['key']}{match['colon']}{_stars(value)}{match['value'][len(value) :]}"


def _parameter(match: re.Match[str]) -> str:
    return f"{match['name']}={_stars(match['value'])}" if is_secret_name(match["name"]) else match[0]


def _userinfo(match: re.Match[str]) -> str:
    return _stars(match[0])
