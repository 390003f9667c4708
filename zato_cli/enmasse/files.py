"""Reading the files of `--input`."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from zato.config import env_file
from zato.config.load import Wanted
from zato.config.load import load as load_files
from zato.config.prune import Scope
from zato.config.snapshot import Snapshot
from zato_cli import output
from zato_cli.enmasse.options import Options
from zato_cli.exit_codes import DONE, NOTHING_CHECKED


def load(
    options: Options,
    existing: Snapshot | None,
    prune: Scope | None = None,
    services: Collection[str] | None = None,
) -> Wanted:
    """Read the files, or raise ConfigurationError with every problem; warnings are printed."""
    wanted, _ = _read(options, existing, prune, services)
    wanted.raise_errors(strict=options.strict)
    _print_problems(wanted, options)
    return wanted


def examine(options: Options) -> tuple[Wanted, dict[str, str]]:
    """Read the files for what is sound in them; problems are printed.

    Also returned: every environment variable, and where it is set.
    """
    wanted, sources = _read(options, None)
    _print_problems(wanted, options)
    return wanted, sources


def _read(
    options: Options,
    existing: Snapshot | None,
    prune: Scope | None = None,
    services: Collection[str] | None = None,
) -> tuple[Wanted, dict[str, str]]:
    environ, sources = environment(options)
    wanted = load_files(
        options.inputs,
        environ,
        existing,
        prune,
        services=services,
        ignore_unsupported=options.ignore_unsupported,
    )
    return wanted, sources


def environment(options: Options) -> tuple[dict[str, str], dict[str, str]]:
    """The variables, of which those of the --env-file win; and where each is set that is not empty."""
    variables = env_file.read_with_places(Path(options.env_file)) if options.env_file else {}
    environ = {**os.environ, **{name: value for name, (value, _) in variables.items()}}
    sources = {
        name: str(variables[name][1]) if name in variables else "the environment"
        for name, value in environ.items()
        if value  # as in a shell, an empty variable is as good as none
    }
    return environ, sources


def _print_problems(wanted: Wanted, options: Options) -> None:
    if options.format_errors == "github":
        output.github_annotations(wanted.problems, wanted.documents)
    elif not options.json:
        output.problems(wanted.problems, wanted.documents)


def problem_records(wanted: Wanted) -> list[dict[str, Any]]:
    """The problems of files that were loaded, as JSON."""
    return output.problem_records(wanted.problems, wanted.documents)


def checked(wanted: Wanted) -> int:
    """The exit code: whether there was something to check."""
    if wanted.valid:
        return DONE
    output.note("There is no object in these files, so nothing was checked")
    return NOTHING_CHECKED
