"""How the path and the query string of a call are made from `url_path` and the call's parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

Params = Mapping[str, Any] | Iterable[tuple[str, Any]] | str | None

_PLACEHOLDER = re.compile(r"\{([^{}/?#]+)\}")
_LITERAL = "!$%&'()*+,/:;=?@[]~"  # what may stand in a path and its query as it is (RFC 3986), `%` of escapes included


class PathTemplate:
    """A path with `{name}` placeholders."""

    def __init__(self, text: str) -> None:
        literals_and_names = _PLACEHOLDER.split(text)
        self.text = text
        self.names = tuple(literals_and_names[1::2])
        self._literals = [quote(literal, safe=_LITERAL) for literal in literals_and_names[::2]]

    @property
    def fixed(self) -> str:
        """The part in front of the first placeholder."""
        return self._literals[0]

    def fill(self, params: Params) -> str:
        """Put the parameters that the placeholders name into the path, and the others into the query string.

        None and empty values do not fill a placeholder: `DELETE /users/{id}` must not become `DELETE /users/`.
        Raises ValueError where a value is missing, or is `.` or `..`, which servers take for directories.
        """
        if isinstance(params, str):
            return self._join(self._path({}), params)
        pairs = list(params.items() if isinstance(params, Mapping) else params or ())
        path = self._path(dict(pairs)) if self.names else self._literals[0]
        return self._join(path, urlencode(list(_query(pairs, self.names))) if pairs else "")

    def _path(self, values: Mapping[str, Any]) -> str:
        missing = [name for name in self.names if values.get(name) in {None, ""}]
        if missing:
            raise ValueError(f"missing parameters: {', '.join(missing)}")
        filled = self._literals[0]
        for name, literal in zip(self.names, self._literals[1:], strict=True):
            value = values[name]
            filled += quote(value if isinstance(value, bytes) else str(value), safe="") + literal
        if not {".", ".."}.isdisjoint(filled.partition("?")[0].split("/")):
            raise ValueError(f"a part of the path may not be `.` or `..`: {', '.join(self.names)}")
        return filled

    @staticmethod
    def _join(path: str, query: str) -> str:
        if not query:
            return path
        return f"{path}{'&' if '?' in path else '?'}{query}"


def _query(pairs: Iterable[tuple[str, Any]], names: tuple[str, ...]) -> Iterable[tuple[str, Any]]:
    """What is left for the query string: a list repeats its name, None is left out."""
    for name, value in pairs:
        if name in names:
            continue
        for single in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
            if single is not None:
                yield name, single
