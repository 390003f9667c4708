"""What the command line of `zato enmasse` says besides the action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from zato.config.export import Format


class Options(NamedTuple):
    """What the command line says besides the action."""

    server: str | None
    inputs: tuple[str, ...]
    output: str | None
    format: Format
    types: tuple[str, ...]
    names: tuple[str, ...]
    export_odb: bool
    explain: tuple[str, ...]
    match: tuple[str, str] | None
    headers: tuple[str, ...]
    replace: bool
    strict: bool
    ignore_unsupported: bool
    format_errors: Literal["text", "github"]
    json: bool
    env_file: str | None
    owner: str | None
    prune: bool
    max_delete: str | None
    out: str | None
    from_plan: str | None
    dry_run: bool
    ping: bool
    rollback: int | None
    diff: tuple[int, ...]
