"""The `.env.example` beside an exported file: the variables without which it cannot be imported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zato.config.document import variables_of

NAME = ".env.example"
_MARK = "# Made by `zato enmasse`"


def needed(values: Any) -> list[str]:
    """The variables without a default that values name, in the order in which they do."""
    return list(dict.fromkeys(variable.name for variable in variables_of(values) if variable.default is None))


def content(file: str, variables: Iterable[str]) -> str:
    """What the example says: it is an --env-file in which the values are missing."""
    lines = [
        f"{_MARK}: the variables that {file} needs.",
        "# Fill in a copy, keep it out of version control, and give it as --env-file.",
        *(f"{name}=" for name in variables),
    ]
    return "\n".join(lines) + "\n"


def is_ours(text: str) -> bool:
    """Whether a file was made here, so that it may be made anew."""
    return text.startswith(_MARK)
