"""Writing configuration into a file that there is, which keeps its comments and its order."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

import click

from zato.config.export import Format, chooser
from zato.config.rewrite import References, rewrite
from zato.config.snapshot import Snapshot
from zato_cli import output
from zato_cli.enmasse.files import environment
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.save import save
from zato_cli.enmasse.write import chosen_sections, tell


def is_editable(path: Path, to: Format) -> bool:
    """Whether there is a file with something in it, which is not to become JSON unless it is."""
    if not path.is_file():
        return False
    content = _content(path).strip()
    return bool(content) and (to == "yaml" or content.lstrip(BOM_UTF8)[:1] == b"{")


def write_into(path: Path, snapshot: Snapshot, references: References, options: Options) -> None:
    """Edit the file so that it holds the objects that the options choose. Raises ZatoError."""
    environ, _ = environment(options)
    is_chosen = chooser(chosen_sections(options), options.names)
    rewritten = rewrite(path, snapshot, references, environ, is_chosen=is_chosen)
    if not options.json:
        for what in rewritten.left:
            output.note(f"{what}, and only {path} was written, which includes it", fg="yellow")
    content = _content(path)
    encoding = _encoding(content)
    if rewritten.text != content.decode(encoding):
        save(path, rewritten.text, encoding)
    tell(path, rewritten.objects, rewritten.variables, options, rewritten.left)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise click.ClickException(f"{path} cannot be read: {e.strerror}") from None


def _encoding(content: bytes) -> str:
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if content.startswith(BOM_UTF8) else "utf-8"
