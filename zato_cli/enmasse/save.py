"""Writing a file as a whole or not at all, and removing one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click


def save(path: Path, written: str, encoding: str = "utf-8") -> None:
    """Write a file so that one that exists is not lost to a full disk, and keeps its mode."""
    try:
        _replace(path.resolve(), written, encoding)
    except OSError as e:
        raise click.ClickException(f"{path} cannot be written: {e.strerror}") from None


def remove(path: Path) -> None:
    """Remove a file."""
    try:
        path.unlink()
    except OSError as e:
        raise click.ClickException(f"{path} cannot be removed: {e.strerror}") from None


def _replace(path: Path, written: str, encoding: str) -> None:
    if path.exists() and not path.is_file():  # such as /dev/stdout
        path.write_text(written, encoding=encoding)
        return
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(written, encoding=encoding, newline="")
        if path.exists():
            shutil.copymode(path, aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
