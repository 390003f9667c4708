"""A dict whose keys are attributes too (reference: service-api, section 1.19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Bunch(dict[str, Any]):
    """`b.x` is `b["x"]`; a missing attribute is an AttributeError, a missing key a KeyError.

    Keys that are names of dict's own methods, such as `items`, are reached as `b["items"]` only.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in dict.items(self))})"

    def copy(self) -> Bunch:
        """A shallow copy, a Bunch as well."""
        return Bunch(self)

    def toDict(self) -> dict[str, Any]:
        """This Bunch and those in it as plain dicts."""
        plain: dict[str, Any] = unbunchify(self)
        return plain

    @staticmethod
    def fromDict(mapping: Mapping[str, Any]) -> Bunch:
        """A dict and those in it as Bunches."""
        bunch: Bunch = bunchify(mapping)
        return bunch


def bunchify(value: Any) -> Any:
    """Make Bunches of all dicts, also of those within lists and tuples."""
    if isinstance(value, Mapping):
        return Bunch((name, bunchify(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return type(value)(map(bunchify, value))
    return value


def unbunchify(value: Any) -> Any:
    """Make plain dicts of all Bunches, also of those within lists and tuples."""
    if isinstance(value, Mapping):
        return {name: unbunchify(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(unbunchify, value))
    return value
