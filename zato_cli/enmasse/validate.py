"""zato enmasse --validate."""

from __future__ import annotations

from zato.kinds.words import number_of
from zato_cli import output
from zato_cli.enmasse.files import checked, load, problem_records
from zato_cli.enmasse.options import Options


def run(options: Options) -> int:
    """Say everything that is wrong with the files."""
    wanted = load(options, None)
    if options.json:
        output.document({"valid": True, "objects": len(wanted.valid), "problems": problem_records(wanted)})
    elif wanted.valid:
        output.line(f"{number_of(len(wanted.valid), 'object is', 'objects are')} valid", fg="green")
    return checked(wanted)
