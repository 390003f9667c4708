"""Reading the files of `--input`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from zato.config import env_file
from zato.config.load import Wanted
from zato.config.load import load as load_files
from zato.config.snapshot import Snapshot
from zato_cli import output
from zato_cli.enmasse.options import DONE, NOTHING_CHECKED, Options


def load(options: Options, existing: Snapshot | None) -> Wanted:
    """Read the files, or raise ConfigurationError with every problem; warnings are printed."""
    variables = env_file.read(Path(options.env_file)) if options.env_file else {}
    wanted = load_files(options.inputs, {**os.environ, **variables}, existing)
    wanted.raise_errors(strict=options.strict)
    if not options.json:
        output.problems(wanted.problems, wanted.documents)
    return wanted


def problem_records(wanted: Wanted) -> list[dict[str, Any]]:
    """The problems of files that were loaded, as JSON."""
    return output.problem_records(wanted.problems, wanted.documents)


def checked(wanted: Wanted) -> int:
    """The exit code: whether there was something to check."""
    if wanted.valid:
        return DONE
    output.note("There is no object in these files, so nothing was checked")
    return NOTHING_CHECKED
