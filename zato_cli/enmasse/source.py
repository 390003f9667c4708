"""Where a revision comes from: files with their digests, and the git commit that they were at."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec

from zato.config.document import Document

GIT_SECONDS = 10.0


class SourceFile(msgspec.Struct, frozen=True):
    """A file that was read."""

    path: str
    """As it was given."""
    sha256: str


class Checkout(msgspec.Struct, frozen=True):
    """A git repository that files were read from."""

    directory: str
    commit: str
    dirty: bool
    """Whether it held what was not committed."""


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a revision was made of."""

    files: tuple[SourceFile, ...] = ()
    checkouts: tuple[Checkout, ...] = ()
    plan: str = ""
    """The file of the saved plan that was carried out."""
    rollback_to: int | None = None
    """The revision that was gone back to."""


def source_of(documents: Iterable[Document]) -> Source:
    """Tell of files that were read; git is asked where they are in a checkout."""
    files = tuple(SourceFile(document.name, document.sha256) for document in documents)
    roots = {root for file in files if (root := _checkout(Path(file.path))) is not None}
    checkouts = (_ask_git(root) for root in sorted(roots))
    return Source(files, tuple(checkout for checkout in checkouts if checkout is not None))


def _checkout(path: Path) -> Path | None:
    path = path.expanduser().absolute()
    return next((parent for parent in path.resolve().parents if (parent / ".git").exists()), None)


def _ask_git(root: Path) -> Checkout | None:
    """None where git is missing, or has nothing to say."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    changes = _git(root, "status", "--porcelain")
    return None if commit is None or changes is None else Checkout(str(root), commit, dirty=bool(changes))


def _git(root: Path, *arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    try:
        asked = subprocess.run(  # noqa: S603 - git itself, with arguments of ours
            [git, "-C", root, "-c", "core.fsmonitor=false", *arguments],  # it would start a program of the checkout's
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None
