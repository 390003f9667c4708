"""zato enmasse --validate."""

from __future__ import annotations

from zato_cli import output
from zato_cli.enmasse.files import checked, load
from zato_cli.enmasse.options import Options


def run(options: Options) -> int:
    """Say everything that is wrong with the files."""
    wanted = load(options, None)
    if options.json:
        problems = [output.problem_record(problem) for problem in wanted.problems]
        output.document({"valid": True, "objects": len(wanted.valid), "problems": problems})
    elif wanted.valid:
        output.line(f"{output.count(len(wanted.valid), 'object is', 'objects are')} valid", fg="green")
    return checked(wanted)
