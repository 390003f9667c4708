"""Files of environment variables: `NAME=value` lines, under `[env]` or any other header or none."""

from __future__ import annotations

import re
from pathlib import Path

from zato.config.problems import Place, Problems
from zato.errors import ConfigurationError

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
_SKIPPED = re.compile(r"\s*(?:[#;].*|\[[^\]]*\])?\s*")


def read(path: Path) -> dict[str, str]:
    """The variables of a file; a value may be quoted. Raises ConfigurationError."""
    return {name: value for name, (value, _) in read_with_places(path).items()}


def read_with_places(path: Path) -> dict[str, tuple[str, Place]]:
    """The variables of a file, and where each is set. Raises ConfigurationError."""
    problems = Problems()
    variables = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        problems.error(Place(str(path)), f"the file cannot be read: {getattr(e, 'strerror', None) or e}")
        lines = []
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match:
            variables[match[1]] = _unquoted(match[2]), Place(str(path), number, match.start(1) + 1)
        elif not _SKIPPED.fullmatch(line):
            problems.error(Place(str(path), number, 1), "this line is not `NAME=value`")
    if problems.errors:
        raise ConfigurationError(list(problems))
    return variables


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
