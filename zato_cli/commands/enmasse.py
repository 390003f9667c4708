"""zato enmasse: parse the command line and find the action, each of which has a module in zato_cli/enmasse."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

from zato.errors import ConfigurationError
from zato_cli import output
from zato_cli.enmasse.options import ERROR, Options
from zato_cli.server import server_argument

if TYPE_CHECKING:
    from zato.config.export import Format


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
@click.option("--explain", multiple=True, metavar="SECTION/NAME", help="Show each field and what set it; * and ? do.")
@click.option("--match", nargs=2, metavar="METHOD PATH", help="Show which channel would answer, and why.")
@click.option("--input", "inputs", multiple=True, metavar="PATH", help="File, directory, glob or - ; repeatable.")
@click.option("--output", metavar="PATH", help="Where to write, - for standard output.")
@click.option("--format", "--dump-format", "format_", type=click.Choice(["yaml", "json"]), help="Format to write.")
@click.option("--include-type", "types", callback=_listed, metavar="LIST", help="Write only these sections.")
@click.option("--include-name", "names", callback=_listed, metavar="LIST", help="Write only names with these parts.")
@click.option("--replace-odb-objects", "--replace", "replace", is_flag=True, help="Update objects that exist.")
@click.option("--header", "headers", multiple=True, metavar="HEADER", help="With --match: a header, as 'Accept: x/y'.")
@click.option("--ignore-unsupported", is_flag=True, help="Only warn of sections that Zato has and this runtime not.")
@click.option("--format-errors", type=click.Choice(["text", "github"]), default="text", help="How to print problems.")
@click.option("--strict", is_flag=True, help="Let warnings stop the command too.")
@click.option("--env-file", metavar="PATH", help="File of NAME=value lines to set variables from.")
@click.option("--json", "json", is_flag=True, help="Print one JSON document.")
def command(server: str | None, format_: Format | None, **given: Any) -> int:
    """Keep a server's configuration in files: validate, merge, plan, import, export.

    SERVER is the server's directory; without it ZATO_SERVER_DIR, else the directory that you are in.
    """
    chosen = [option for option, name in ACTIONS.items() if given[name]]
    if given["export_local"] and "--export-odb" in chosen:
        chosen.remove("--export-odb")  # it says with what the files are merged
    if len(chosen) != 1:
        raise click.UsageError(f"say one of {', '.join(ACTIONS)}" + (f", not {' and '.join(chosen)}" if chosen else ""))
    _check_input(chosen[0], given["inputs"])
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
}
"""What is done, of which the command line says exactly one → the module that does it."""


def _check_input(action: str, inputs: tuple[str, ...]) -> None:
    if action == "--export-odb" and inputs:
        raise click.UsageError("--export-odb writes what the ODB holds; add --export-local to merge files into it")
    if action not in {"--export-odb", "--explain", "--match"} and not inputs:
        raise click.UsageError(f"{action} needs --input, the files to read")


def _format_of(output: str | None) -> Format:
    return "json" if output and output.endswith(".json") else "yaml"
