"""zato enmasse: parse the command line and find the action, each of which has a module in zato_cli/enmasse."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

from zato.errors import ConfigurationError
from zato_cli import output
from zato_cli.enmasse.options import Options
from zato_cli.exit_codes import ERROR
from zato_cli.server import server_argument

if TYPE_CHECKING:
    from zato.config.export import Format


def _listed(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip() not in {"", "all"})


OF_ZATO = {
    "--ignore-missing-defs": (True, "names that neither the files nor the ODB have are errors"),
    "--ignore-missing-includes": (True, "a file that cannot be included is an error"),
    "--exit-on-missing-file": (True, "a missing file is an error"),
    "--initial-wait-time": (False, "an import does not need a running server"),
    "--missing-wait-time": (False, "services may be deployed after what names them"),
}
"""Options of Zato's command that pipelines pass → whether each is a flag, and why there is nothing to do for it."""


def _accepting_options_of_zato(command: click.Command) -> click.Command:
    def tell(_: click.Context, option: click.Parameter, value: Any) -> None:
        if value:
            output.note(f"{option.opts[0]} has no effect: {OF_ZATO[option.opts[0]][1]}")

    for name, (is_flag, _) in OF_ZATO.items():
        command.params.append(click.Option([name], is_flag=is_flag, hidden=True, expose_value=False, callback=tell))
    return command


class _Command(click.Command):
    """`--diff` takes one revision or two, which click does not know."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write `--diff 3 5` as `--diff 3 --diff 5`."""
        for position, argument in reversed(list(enumerate(args))):
            if argument == "--diff" and args[position + 2 : position + 3] and args[position + 2].isdigit():
                args.insert(position + 2, "--diff")
        return super().parse_args(ctx, args)


@_accepting_options_of_zato
@click.command("enmasse", cls=_Command)
@server_argument
@click.option("--validate", is_flag=True, help="Say everything that is wrong with the files; needs no server.")
@click.option("--merge", is_flag=True, help="Write the files as one canonical file; needs no server.")
@click.option("--plan", is_flag=True, help="Show what an import would change. Exit code 2 if it would.")
@click.option("--import", "import_", is_flag=True, help="Make the server's configuration what the files say.")
@click.option("--export-odb", "--export", is_flag=True, help="Write the server's configuration to a file.")
@click.option("--export-local", is_flag=True, help="With --export-odb: files win over the ODB. Alone: as --merge.")
@click.option("--explain", multiple=True, metavar="SECTION/NAME", help="Show each field and what set it; * and ? do.")
@click.option("--match", nargs=2, metavar="METHOD PATH", help="Show which channel would answer, and why.")
@click.option("--history", is_flag=True, help="Show who imported what, when and from which files.")
@click.option("--rollback", type=int, metavar="REVISION", help="Go back: a new revision with the content of that one.")
@click.option(
    "--diff", type=int, multiple=True, metavar="REVISION [REVISION]", help="Show what differs, or since then."
)
@click.option("--input", "inputs", multiple=True, metavar="PATH", help="File, directory, glob or - ; repeatable.")
@click.option("--output", metavar="PATH", help="Where to write, - for standard output.")
@click.option("--format", "--dump-format", "format_", type=click.Choice(["yaml", "json"]), help="Format to write.")
@click.option("--include-type", "types", callback=_listed, metavar="LIST", help="Write only these sections.")
@click.option("--include-name", "names", callback=_listed, metavar="LIST", help="Write only names with these parts.")
@click.option("--replace-odb-objects", "--replace", "replace", is_flag=True, help="Update objects that exist.")
@click.option("--dry-run", is_flag=True, help="With --import and --rollback: only show what would change.")
@click.option(
    "--ping", is_flag=True, help="Ping changed connections first; if one fails, nothing changes, exit code 4."
)
@click.option("--prune", is_flag=True, help="Delete what the files name the section of, and do not hold any more.")
@click.option("--max-delete", metavar="N|N%", help="Most objects to delete, 10 or 10% by default, whichever is more.")
@click.option("--owner", metavar="NAME", help="Whose objects these are; each owner prunes their own only.")
@click.option("--out", metavar="PATH", help="With --plan: save it, to be carried out by --from-plan.")
@click.option("--from-plan", metavar="PATH", help="With --import: do what a saved plan says, if nothing else changed.")
@click.option("--header", "headers", multiple=True, metavar="HEADER", help="With --match: a header, as 'Accept: x/y'.")
@click.option("--ignore-unsupported", is_flag=True, help="Only warn of sections that Zato has and this runtime not.")
@click.option("--format-errors", type=click.Choice(["text", "github"]), default="text", help="How to print problems.")
@click.option("--strict", is_flag=True, help="Let warnings stop the command too.")
@click.option("--env-file", metavar="PATH", help="File of NAME=value lines to set variables from.")
@click.option("--json", "json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, /, server: str | None, format_: Format | None, **given: Any) -> int:
    """Keep a server's configuration in files: validate, merge, plan, import, export, go back.

    SERVER is the server's directory; without it ZATO_SERVER_DIR, else the directory that you are in.
    """
    chosen = [option for option, name in ACTIONS.items() if _is_given(given[name])]
    if given["export_local"] and "--export-odb" in chosen:
        chosen.remove("--export-odb")  # it says with what the files are merged
    if len(chosen) != 1:
        raise click.UsageError(f"say one of {', '.join(ACTIONS)}" + (f", not {' and '.join(chosen)}" if chosen else ""))
    _check(chosen[0], _options_said(ctx))
    if given["json"] and given["output"] == "-":
        raise click.UsageError("--json and --output - both write to standard output; leave one out")
    options = Options(
        server=server,
        format=format_ or _format_of(given["output"]),
        **{name: value for name, value in given.items() if name in Options._fields},
    )
    action = importlib.import_module(f"zato_cli.enmasse.{ACTIONS[chosen[0]]}")
    try:
        code: int = action.run(options)
    except ConfigurationError as e:
        if options.format_errors == "text":
            raise
        output.github_annotations(e.problems, e.documents)
        if options.json:
            output.error(e, as_json=True)
        code = ERROR
    return code


ACTIONS = {
    "--validate": "validate",
    "--merge": "merge",
    "--plan": "plan",
    "--import": "import_",
    "--export-odb": "export_odb",
    "--export-local": "export_local",
    "--explain": "explain",
    "--match": "match",
    "--history": "history",
    "--rollback": "rollback",
    "--diff": "diff",
}
"""What is done, of which the command line says exactly one → the module that does it."""


_WRITE = {"--merge", "--export-odb", "--export-local"}
_LOAD = {"--validate", "--merge", "--plan", "--import", "--export-local"}
_READ = _LOAD | {"--explain", "--match"}
GOES_WITH = {
    "--input": _READ,
    "--output": _WRITE,
    "--format": _WRITE,
    "--include-type": _WRITE,
    "--include-name": _WRITE,
    "--replace-odb-objects": {"--import"},
    "--dry-run": {"--import", "--rollback"},
    "--ping": {"--import", "--rollback"},
    "--prune": {"--plan", "--import"},
    "--max-delete": {"--plan", "--import", "--rollback"},
    "--owner": {"--plan", "--import"},
    "--out": {"--plan"},
    "--from-plan": {"--import"},
    "--header": {"--match"},
    "--ignore-unsupported": _READ,
    "--format-errors": _READ | {"--export-odb"},  # an export into a file reads that file
    "--strict": _LOAD,
    "--env-file": _READ | {"--export-odb"},
    "--json": set(ACTIONS),
}
"""Option → the actions that it has an effect on; with any other it is refused, since it would be missed."""

_SAID_BY_PLAN = ("--prune", "--max-delete", "--owner", "--replace-odb-objects")
_OF_FILES = ("--ignore-unsupported", "--format-errors", "--strict", "--env-file")


def _is_given(value: Any) -> bool:
    return value is not None and value is not False and value != ()


def _options_said(ctx: click.Context) -> list[str]:
    """The options on the command line, under their first names."""
    said = (param for param in ctx.command.params if ctx.get_parameter_source(str(param.name)) is _COMMAND_LINE)
    return [option for param in said if (option := param.opts[0]) in GOES_WITH]


_COMMAND_LINE = click.core.ParameterSource.COMMANDLINE


def _check(action: str, said: list[str]) -> None:
    """Refuse options that have no effect. Raises UsageError."""
    if action == "--export-odb" and "--input" in said:
        raise click.UsageError("--export-odb writes what the ODB holds; add --export-local to merge files into it")
    for option in said:
        actions = [name for name in ACTIONS if name in GOES_WITH[option]]
        if action not in actions:
            raise click.UsageError(f"{option} goes with {_joined(actions)}, not with {action}")
    if "--from-plan" in said:
        twice = [option for option in said if option in _SAID_BY_PLAN]
        if twice:
            raise click.UsageError(
                f"--from-plan: a saved plan says all that is to change; leave out {', '.join(twice)}"
            )
    elif "--input" not in said and action in _LOAD:
        raise click.UsageError(f"{action} needs --input, the files to read")
    of_files = [option for option in said if option in _OF_FILES]
    if of_files and "--input" not in said and action in _READ:
        raise click.UsageError(f"{', '.join(of_files)}: without --input, {action} reads no files")
    if "--max-delete" in said and "--prune" not in said and action != "--rollback":
        raise click.UsageError(f"{action} deletes nothing without --prune; add it, or leave out --max-delete")


def _joined(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _format_of(output: str | None) -> Format:
    return "json" if output and output.endswith(".json") else "yaml"
