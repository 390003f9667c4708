"""zato enmasse --export-local, with or without --export-odb."""

from __future__ import annotations

from contextlib import closing

from zato_cli.enmasse.export_odb import progress, secrets_only
from zato_cli.enmasse.files import checked, load
from zato_cli.enmasse.literal_secrets import refuse_to_lose
from zato_cli.enmasse.merge import write_merged
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.server import odb_of
from zato_cli.enmasse.write import write


def run(options: Options) -> int:
    """Write the files, or what the ODB holds with the files in front of it."""
    if not options.export_odb:
        return write_merged(options)
    with closing(odb_of(options)) as odb:
        snapshot, references = odb.load(), odb.variables()
    progress("ODB objects read", options)
    wanted = load(options, snapshot)
    refuse_to_lose(wanted, options)
    from_files = {item.key for item in wanted.valid}
    kept = [thing for thing in snapshot if (thing.section, thing.name) not in from_files]
    progress("ODB objects merged in", options)
    write([*kept, *wanted.objects], {**secrets_only(kept, references), **wanted.variables}, options)
    return checked(wanted)
