"""zato schema."""

from __future__ import annotations

from pathlib import Path

import click

from zato_cli import output
from zato_cli.exit_codes import DONE


@click.command("schema")
@click.argument("section", required=False)
@click.option("--explain", metavar="NAME", help="Say what a section or field is, as in outgoing_rest.timeout.")
@click.option("--write", "directory", metavar="DIR", help="Write the schema and the reference pages into a directory.")
def command(section: str | None, explain: str | None, directory: str | None) -> int:
    """Print the JSON Schema of configuration files, or of one SECTION.

    Editors check and complete a file that begins with `# yaml-language-server: $schema=` and the schema's path.
    """
    if explain is not None:
        if section is not None or directory is not None:
            raise click.UsageError("--explain goes alone")
        from zato.config.fields import about

        output.line(about(explain))
        return DONE
    if directory is not None:
        if section is not None:
            raise click.UsageError("--write writes every section; leave SECTION out")
        return _write(Path(directory))
    import msgspec

    encoded = msgspec.json.encode(_schema(section))
    output.line(msgspec.json.format(encoded, indent=2).decode())
    return DONE


def _schema(section: str | None) -> dict[str, object]:
    from zato.config.problems import did_you_mean
    from zato.config.schema import file_schema, section_schema
    from zato.config.sections import SPELLINGS

    if section is None:
        return file_schema()
    if section not in SPELLINGS:
        near = did_you_mean(section, SPELLINGS) or f"there are {', '.join(SPELLINGS)}"
        raise click.UsageError(f"there is no section `{section}` ({near})")
    return section_schema(section)


def _write(directory: Path) -> int:
    from zato.config.reference import generated
    from zato.kinds.words import number_of

    files = generated()
    kept = {directory / name for name in files}
    for old in (*directory.glob("*.schema.json"), *directory.glob("reference/*.md")):
        if old not in kept:
            old.unlink()
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    output.line(f"{number_of(len(files), 'file', 'files')} written to {directory}")
    return DONE
