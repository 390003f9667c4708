"""zato enmasse --import."""

from __future__ import annotations

from contextlib import closing, suppress

from zato.config.plan import Step, plan
from zato.errors import NotRunning
from zato.odb.apply import apply
from zato.server import control
from zato_cli import output
from zato_cli.enmasse.files import checked, load, problem_records
from zato_cli.enmasse.options import ERROR, Options
from zato_cli.enmasse.server import open_odb
from zato_cli.enmasse.steps import plan_record, print_step, summary
from zato_cli.server import server_directory


def run(options: Options) -> int:
    """Make the server's configuration what the files say."""
    server = server_directory(options.server)

    def wake() -> None:
        with suppress(NotRunning):
            control.call(server.path, "wake")

    with closing(open_odb(server)) as odb, odb.importing():
        now = odb.load()
        wanted = load(options, now)
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
        output.document({"revision": revision, **plan_record(planned), "problems": problem_records(wanted)})
    else:
        done = [f"{step.action.capitalize()}d object `{step.name}`" for step in planned.steps]
        done.append(f"Revision {revision}: {summary(planned, 'created', 'updated', 'deleted')}")
        output.line("\n".join(done))
    return checked(wanted)


def _refuse(updates: list[Step], options: Options) -> int:
    message = f"{output.count(len(updates), 'object exists', 'objects exist')} and would change"
    hint = "nothing was imported; to update what exists, add --replace-odb-objects"
    if options.json:
        names = [{"section": step.section, "name": step.name} for step in updates]
        output.document({"error": f"{message}; {hint}", "objects": names})
    else:
        for step in updates:
            print_step(step)
        output.note(f"Error: {message}; {hint}", fg="red")
    return ERROR
