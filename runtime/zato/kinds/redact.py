"""Texts without the credentials that may be in them: for logs, messages and whatever else is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

STARS = "***"

_QUALIFIED = r"(?:access|api|auth|bearer|client|id|private|refresh|secret|session|subscription)?"
_SECRET = rf"{_QUALIFIED}(?:key|token|assertion|secret|password|passphrase|passwd|pass|pwd|signature|sig|credential)s?"
_SECRET_NAME = re.compile(rf"(?<![a-z])(?:{_SECRET}|auth|authorization|jwt)(?![a-z])")
_NEW_WORD = re.compile("(?<=[a-z0-9])(?=[A-Z])")

_NAME = r"""[^\s?&;=#/`"'()\[\]{},:]"""
PARAMETER = re.compile(rf"""(?<!{_NAME})(?P<name>{_NAME}+)=(?P<value>[^\s&;#`"']+)""")
"""A parameter of a query string, or anything that is written like one."""
_LINE = re.compile(rf"^(?P<name>[ \t]*{_NAME}+[ \t]*)=(?P<value>.+)$", re.MULTILINE)
"""A line that is one `name=value`, where the value may have spaces."""

USERINFO = re.compile(
    r"""
      (?<=://) [^/?\#\s:@`"\[]* : (?!\d{1,5}[/?\#]) [^`"\n]* (?=@)  # a password may hold `@` and `/` as they are
    | (?<=://) [^/?\#\s@`"]+ (?=@)
    | (?<![^\s`"'(]) [^/?\#\s:@`"'(]+ : (?!//|\d{1,5}[/?\#]) [^\s`"]* (?=@)  # without a scheme
    """,
    re.VERBOSE,
)
"""User and password in front of the host of a URL (RFC 3986, section 3.2.1)."""


def is_secret_name(name: str) -> bool:
    """Whether a parameter or a field is called as those are that hold secrets: `api_key`, `accessToken`, `X-Sig`."""
    return _SECRET_NAME.search(_NEW_WORD.sub("_", unquote_plus(name)).lower()) is not None


def without_userinfo(text: str) -> str:
    """A text with stars in place of user and password in its URLs."""
    return USERINFO.sub(STARS, text) if "@" in text else text


def redacted(text: str) -> str:
    """A text, such as a URL or a query string, without user and password and without values of secret parameters."""
    return PARAMETER.sub(_parameter, without_userinfo(text)) if "=" in text else without_userinfo(text)


def redacted_value(value: Any) -> Any:
    """A value with all its texts redacted; in a row `{key: Authorization, value: X}`, the value goes with the key."""
    if isinstance(value, str):
        return redacted(_LINE.sub(_parameter, value) if "=" in value else value)
    if isinstance(value, dict):
        named = _name_in_row(value)
        return {
            name: STARS if isinstance(item, str) and _is_secret_item(name, named) else redacted_value(item)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(map(redacted_value, value))
    return value


def may_hold_secrets(value: Any) -> bool:
    """Whether a secret may be in a value: it has credentials, or pairs of a name and a value."""
    if isinstance(value, str):
        return "=" in value or redacted(value) != value
    if isinstance(value, dict):
        has_pairs = _name_in_row(value) is not None or any(is_secret_name(str(name)) for name in value)
        return has_pairs or any(map(may_hold_secrets, value.values()))
    return isinstance(value, (list, tuple)) and any(map(may_hold_secrets, value))


def _name_in_row(value: Mapping[Any, Any]) -> str | None:
    """What a row gives a value to; None if the mapping is no row."""
    named = value.get("key", value.get("name"))
    return str(named) if "value" in value and named is not None else None


def _is_secret_item(name: Any, named: str | None) -> bool:
    if named is not None and name in {"key", "name"}:
        return False
    return is_secret_name(named if named is not None and name == "value" else str(name))


def _parameter(match: re.Match[str]) -> str:
    return f"{match['name']}={STARS}" if is_secret_name(match["name"]) else match[0]
