"""Texts without the credentials that may be in them: for logs, messages and whatever else is shown."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

STARS = "***"

_QUALIFIED = r"(?:access|api|auth|bearer|client|id|private|refresh|secret|session|subscription)?"
_SECRET = rf"{_QUALIFIED}(?:key|token|secret|password|passphrase|passwd|pass|pwd|signature|sig|credential)s?"
_SECRET_NAME = re.compile(rf"(?<![a-z])(?:{_SECRET}|auth|authorization|jwt)(?![a-z])")
_NEW_WORD = re.compile("(?<=[a-z0-9])(?=[A-Z])")

_NAME = r"""[^\s?&;=#/`"'()\[\]{},:]"""
PARAMETER = re.compile(rf"""(?<!{_NAME})(?P<name>{_NAME}+)=(?P<value>[^\s&;#`"']+)""")
"""A parameter of a query string, or anything that is written like one."""

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
    """A value with all its texts redacted."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {
            name: STARS if isinstance(item, str) and is_secret_name(str(name)) else redacted_value(item)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(map(redacted_value, value))
    return value


def _parameter(match: re.Match[str]) -> str:
    return f"{match['name']}={STARS}" if is_secret_name(match["name"]) else match[0]
