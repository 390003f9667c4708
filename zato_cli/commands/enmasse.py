"""zato enmasse: validate, merge, plan, import and export configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from zato_cli.server import server_argument, server_directory

if TYPE_CHECKING:
    from zato.config.export import Format
    from zato.config.load import Wanted
    from zato.config.plan import Plan, Step
    from zato.config.snapshot import Key, Snapshot
    from zato.kinds.base import Kind
    from zato.odb.odb import ODB
    from zato.server.directory import ServerDirectory

DONE, ERROR, DIFFERS, NOTHING_CHECKED = 0, 1, 2, 3


class Options(NamedTuple):
    """What the command line says besides the action."""

    server: str | None
    inputs: tuple[str, ...]
    output: str | None
    format: Format
    types: tuple[str, ...]
    names: tuple[str, ...]
    replace: bool
    strict: bool
    json: bool
    env_file: str | None


def _listed(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip() not in {"", "all"})


@click.command("enmasse")
@server_argument
@click.option("--validate", is_flag=True, help="Say everything that is wrong with the files; needs no server.")
@click.option("--merge", is_flag=True, help="Write the files as one canonical file; needs no server.")
@click.option("--plan", is_flag=True, help="Show what an import would change. Exit code 2 if it would.")
@click.option("--import", "import_", is_flag=True, help="Make the server's configuration what the files say.")
@click.option("--export-odb", "--export", is_flag=True, help="Write the server's configuration to a file.")
@click.option("--export-local", is_flag=True, help="With --export-odb: files win over the ODB. Alone: as --merge.")
@click.option("--input", "inputs", multiple=True, metavar="PATH", help="File, directory, glob or - ; repeatable.")
@click.option("--output", metavar="PATH", help="Where to write, - for standard output.")
@click.option("--format", "--dump-format", "format_", type=click.Choice(["yaml", "json"]), help="Format to write.")
@click.option("--include-type", "types", callback=_listed, metavar="LIST", help="Write only these sections.")
@click.option("--include-name", "names", callback=_listed, metavar="LIST", help="Write only names with these parts.")
@click.option("--replace-odb-objects", "--replace", "replace", is_flag=True, help="Update objects that exist.")
@click.option("--strict", is_flag=True, help="Let warnings stop the command too.")
@click.option("--env-file", metavar="PATH", help="File of NAME=value lines to set variables from.")
@click.option("--json", "json", is_flag=True, help="Print one JSON document.")
def command(
    server: str | None,
    validate: bool,
    merge: bool,
    plan: bool,
    import_: bool,
    export_odb: bool,
    export_local: bool,
    format_: Format | None,
    **rest: Any,
) -> int:
    """Keep a server's configuration in files: validate, merge, plan, import, export.

    SERVER is the server's directory; without it ZATO_SERVER_DIR, else the directory that you are in.
    """
    options = Options(server=server, format=format_ or _format_of(rest["output"]), **rest)
    asked = {
        "--validate": validate,
        "--merge": merge,
        "--plan": plan,
        "--import": import_,
        "--export-odb": export_odb or export_local,
    }
    chosen = [name for name, given in asked.items() if given]
    if len(chosen) != 1:
        raise click.UsageError(f"say one of {', '.join(asked)}" + (f", not {' and '.join(chosen)}" if chosen else ""))
    needs_input = chosen[0] != "--export-odb" or export_local
    if needs_input and not options.inputs:
        raise click.UsageError(f"{chosen[0]} needs --input, the files to read")
    if not needs_input and options.inputs:
        raise click.UsageError("--export-odb writes what the ODB holds; add --export-local to merge files into it")
    match chosen[0]:
        case "--validate":
            return _validate(options)
        case "--plan":
            return _plan(options)
        case "--import":
            return _import(options)
        case "--merge":
            return _merge(options)
        case _:
            return _export(options) if not export_local else _export_local(options, with_odb=export_odb)


def _format_of(output: str | None) -> Format:
    return "json" if output and output.endswith(".json") else "yaml"


def _load(options: Options, existing: Snapshot | None) -> Wanted:
    """Read the files, or raise ConfigurationError with every problem; warnings are printed."""
    from zato.config import env_file
    from zato.config.load import load
    from zato_cli import output

    variables = env_file.read(Path(options.env_file)) if options.env_file else {}
    wanted = load(options.inputs, {**os.environ, **variables}, existing)
    wanted.raise_errors(strict=options.strict)
    if not options.json:
        output.problems(wanted.problems, wanted.documents)
    return wanted


def _validate(options: Options) -> int:
    from zato_cli import output

    wanted = _load(options, None)
    if options.json:
        problems = [output.problem_record(problem) for problem in wanted.problems]
        output.document({"valid": True, "objects": len(wanted.valid), "problems": problems})
    elif wanted.valid:
        output.line(f"{output.count(len(wanted.valid), 'object is', 'objects are')} valid", fg="green")
    return _checked(wanted)


def _checked(wanted: Wanted) -> int:
    from zato_cli import output

    if wanted.valid:
        return DONE
    output.note("There is no object in these files, so nothing was checked")
    return NOTHING_CHECKED


def _merge(options: Options) -> int:
    if not options.output:
        raise click.UsageError("--merge needs --output, the file to write or - for standard output")
    wanted = _load(options, None)
    _write(wanted.objects, wanted.variables, options)
    return _checked(wanted)


def _odb(server: ServerDirectory) -> ODB:
    from zato.odb.odb import ODB
    from zato.odb.secrets import Secrets

    return ODB(server.odb(server.settings().main), Secrets(server.key_file))


def _plan(options: Options) -> int:
    from zato.config.plan import plan
    from zato_cli import output

    with closing(_odb(server_directory(options.server))) as odb:
        now = odb.load()
        wanted = _load(options, now)
        planned = plan(now, wanted.objects)
    if options.json:
        output.document(_plan_record(planned))
    else:
        for step in planned.steps:
            _print_step(step)
        output.line(_summary(planned, "to create", "to update", "to delete"))
    return DIFFERS if planned.steps else _checked(wanted)


def _print_step(step: Step) -> None:
    from zato_cli import output

    sign, colour = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}[step.action]
    output.line(f"{sign} {step.section} `{step.name}`", fg=colour)
    for change in step.changes:
        shown = "(changed)" if change.secret else f"{_shown(change.old)} → {_shown(change.new)}"
        output.line(f"    {change.field}: {shown}")


def _shown(value: Any) -> str:
    import msgspec

    return "(none)" if value is None else msgspec.json.encode(value).decode()


def _summary(planned: Plan, *done: str) -> str:
    actions = zip(("create", "update", "delete"), done, strict=True)
    counts = [f"{planned.count(action)} {verb}" for action, verb in actions]  # type: ignore[arg-type]
    return f"{', '.join(counts)}, {planned.unchanged} unchanged"


def _plan_record(planned: Plan) -> dict[str, Any]:
    steps = [
        {
            "action": step.action,
            "section": step.section,
            "name": step.name,
            "changes": [
                {"field": c.field, "secret": True} if c.secret else {"field": c.field, "old": c.old, "new": c.new}
                for c in step.changes
            ],
        }
        for step in planned.steps
    ]
    return {"steps": steps, "unchanged": planned.unchanged}


def _import(options: Options) -> int:
    from zato.config.plan import plan
    from zato.errors import NotRunning
    from zato.odb.apply import apply
    from zato.server import control
    from zato_cli import output

    server = server_directory(options.server)

    def wake() -> None:
        with suppress(NotRunning):
            control.call(server.path, "wake")

    with closing(_odb(server)) as odb, odb.importing():
        now = odb.load()
        wanted = _load(options, now)
        planned = plan(now, wanted.objects)
        updates = [step for step in planned.steps if step.action == "update"]
        if updates and not options.replace:
            return _refuse(updates, options)
        if planned.steps:
            source = {"files": [document.name for document in wanted.documents]}
            revision = apply(odb, planned, variables=wanted.variables, source=source, wake=wake)
        else:
            revision = odb.current
    if options.json:
        output.document({"revision": revision, **_plan_record(planned)})
    else:
        for step in planned.steps:
            output.line(f"{step.action.capitalize()}d object `{step.name}`")
        output.line(f"Revision {revision}: {_summary(planned, 'created', 'updated', 'deleted')}")
    return _checked(wanted)


def _refuse(updates: list[Step], options: Options) -> int:
    from zato_cli import output

    message = f"{output.count(len(updates), 'object exists', 'objects exist')} and would change"
    hint = "nothing was imported; to update what exists, add --replace-odb-objects"
    if options.json:
        names = [{"section": step.section, "name": step.name} for step in updates]
        output.document({"error": f"{message}; {hint}", "objects": names})
    else:
        for step in updates:
            _print_step(step)
        output.note(f"Error: {message}; {hint}", fg="red")
    return ERROR


def _export(options: Options) -> int:
    with closing(_odb(server_directory(options.server))) as odb:
        snapshot, references = odb.load(), odb.variables()
    _progress("ODB objects read", options)
    _progress("ODB objects merged in", options)
    _write(snapshot, _secrets_only(snapshot, references), options)
    return DONE


def _progress(text: str, options: Options) -> None:
    """Lines of seed 004; they stay out of an export that goes to standard output."""
    click.echo(text, err=options.output == "-")


def _export_local(options: Options, *, with_odb: bool) -> int:
    if not with_odb:
        wanted = _load(options, None)
        _write(wanted.objects, wanted.variables, options)
        return _checked(wanted)
    with closing(_odb(server_directory(options.server))) as odb:
        snapshot, references = odb.load(), odb.variables()
    _progress("ODB objects read", options)
    wanted = _load(options, snapshot)
    from_files = {item.key for item in wanted.valid}
    kept = [thing for thing in snapshot if (thing.section, thing.name) not in from_files]
    _progress("ODB objects merged in", options)
    _write([*kept, *wanted.objects], {**_secrets_only(kept, references), **wanted.variables}, options)
    return DONE


def _secrets_only(objects: Iterable[Kind], references: dict[Key, dict[str, str]]) -> dict[Key, dict[str, str]]:
    """What was imported from a variable and is no secret leaves as its value."""
    from zato.kinds.base import secret_fields

    return {
        (thing.section, thing.name): {name: text for name, text in own.items() if name in secret_fields(type(thing))}
        for thing in objects
        if (own := references.get((thing.section, thing.name)))
    }


def _write(objects: Iterable[Kind], references: dict[Key, dict[str, str]], options: Options) -> None:
    from zato.config.export import export, sections_called, text
    from zato_cli import output

    sections, unknown = sections_called(options.types)
    if unknown:
        raise click.UsageError(f"--include-type: there is no section {', '.join(unknown)}")
    written = text(export(objects, references, sections=sections, names=options.names), options.format)
    if options.output == "-":
        click.echo(written, nl=False)
        return
    path = Path(options.output).expanduser() if options.output else Path(_export_name(options.format))
    try:
        path.write_text(written, encoding="utf-8")
    except OSError as e:
        raise click.ClickException(f"{path} cannot be written: {e.strerror}") from None
    output.line(f"Data exported to {path.absolute()}")


def _export_name(to: Format) -> str:
    """As in seed 004."""
    now = datetime.now().astimezone().strftime("%Y-%m-%dT%H_%M_%S_%f")
    return f"zato-export-{now}.{'json' if to == 'json' else 'yml'}"
