"""The `.env.example` beside an exported file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zato.config import env_example
from zato.config.env_file import read
from zato.errors import ConfigurationError
from zato_cli import output
from zato_cli.enmasse.save import save


def write_beside(exported: Path, variables: Sequence[str], *, tell: bool) -> Path | None:
    """List the variables that an exported file needs, and return where; a file that a person made is left alone."""
    path = exported.with_name(env_example.NAME)
    content = env_example.content(exported.name, variables)
    there = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
    if there is None or env_example.is_ours(there):
        if there != content:
            save(path, content)
        return path
    missing = [name for name in variables if name not in _listed(path)]
    if missing and tell:
        output.note(f"{path} was not made by an export and is left alone; it lacks {', '.join(missing)}", fg="yellow")
    return None


def _listed(path: Path) -> set[str]:
    try:
        return set(read(path))
    except ConfigurationError:
        return set()
