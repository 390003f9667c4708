"""Targets of HTTP requests, as they stand in a request line: what a server makes of them, or why it refuses them.

The one set of rules, for servers and for those who ask before.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

SENT = "!-~"
"""Characters that a target may hold, as a range in a regular expression; all others are percent-encoded."""

_ABSOLUTE = re.compile(r"https?://[^/?#@]+(/[^?]*)?(\?.*)?", re.IGNORECASE)
_NOT_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_NAME = re.compile(r"(?:^|&)[^=&]*%(?:[01][0-9A-Fa-f]|7[Ff])")


class BadTarget(ValueError):
    """A target that no channel gets to see: the server answers 400."""


def read(method: str, target: str) -> tuple[str, str, str]:
    """Take apart a target that holds nothing but `SENT` characters: its URI, its path and its query string.

    The URI is path and query string as they were sent. The path is without percent-encoding, and has one slash at its
    beginning, however many were sent. Raises BadTarget.
    """
    if "#" in target:
        raise BadTarget("fragment in target")
    if not target.startswith("/") and not (target == "*" and method == "OPTIONS"):
        absolute = _ABSOLUTE.fullmatch(target)
        if not absolute:
            raise BadTarget("malformed target")
        target = (absolute[1] or "/") + (absolute[2] or "")
    path, _, query = target.partition("?")
    if "%" in path:
        path = _decoded(path)
    if path.startswith("//"):
        path = "/" + path.lstrip("/")
    if "%" in query and _CONTROL_IN_NAME.search(query):
        raise BadTarget("control character in a query parameter's name")
    return target, path, query


def has_encoded_slash(uri: str) -> bool:
    """Whether a slash came as `%2F`: decoded it looks like a separator, but it is none."""
    return "%" in uri and "%2f" in uri.partition("?")[0].lower()


def _decoded(path: str) -> str:
    try:
        text = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise BadTarget("path is not UTF-8") from None
    if _NOT_ENCODED.search(path) or _CONTROL.search(text):
        raise BadTarget("malformed or control character in the path")
    return text
