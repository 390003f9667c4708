"""The `.env.example` beside an exported file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zato.config import env_example
from zato.config.env_file import read
from zato.errors import ConfigurationError
from zato_cli import output
from zato_cli.enmasse.save import remove, save


def write_beside(exported: Path, variables: Sequence[str], *, tell: bool) -> Path | None:
    """List the variables that an exported file needs, and return where; a file that a person made is left alone."""
    path = exported.with_name(env_example.NAME)
    there = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if not there or env_example.is_ours(there):
        _update(path, there, env_example.updated(there, exported.name, variables))
        return path
    missing = [name for name in variables if name not in _listed(path)]
    if missing and tell:
        output.note(f"{path} was not made by an export and is left alone; it lacks {', '.join(missing)}", fg="yellow")
    return None


def _update(path: Path, there: str, content: str) -> None:
    if content and content != there:
        save(path, content)
    elif there and not content:
        remove(path)


def _listed(path: Path) -> set[str]:
    try:
        return set(read(path))
    except ConfigurationError:
        return set()
