"""Secrets that stand in files in clear: a file that is written has `${NAME}` in place of them."""

from __future__ import annotations

from pathlib import Path

import click

from zato.config.document import variables_of
from zato.config.load import Wanted
from zato.config.normalise import Entry
from zato.kinds.base import secret_fields
from zato.kinds.words import counted, number_of
from zato_cli.enmasse.options import Options


def refuse_to_lose(wanted: Wanted, options: Options) -> None:
    """Refuse to write over a file that was read if the only copy of a secret may be in it."""
    if not options.output or not any(_is_same(options.output, document.name) for document in wanted.documents):
        return
    lost = [
        item.entry.path(field)
        for item in wanted.valid
        for field in secret_fields(item.entry.kind)
        if item.entry.values.get(field) and _is_literal(item.entry, field)
    ]
    if lost:
        secrets = number_of(len(lost), "secret that is", "secrets that are")
        raise click.ClickException(
            f"{options.output} is one of the files that are read, and writing it would lose {secrets} in them in "
            f"clear, {counted(lost)}; write to another --output, or put variables in place of them first"
        )


def _is_literal(entry: Entry, field: str) -> bool:
    """Whether more of a secret is written than the name of a variable, such as a default."""
    written = entry.found.node.get(entry.written.get(field, field))
    return field not in entry.variables or any(variable.default for variable in variables_of(written))


def _is_same(one: str, other: str) -> bool:
    try:
        return Path(one).expanduser().samefile(Path(other).expanduser())
    except (OSError, RuntimeError):  # one of them is not there: `<stdin>`, or a file that is yet to be written
        return False
