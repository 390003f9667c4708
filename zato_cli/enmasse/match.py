"""zato enmasse --match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import click

from zato.config.match import Guard, Match, match
from zato.config.problems import Place
from zato.config.snapshot import Key, Snapshot
from zato.kinds.base import Kind
from zato_cli import output
from zato_cli.enmasse.files import examine, problem_records
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.server import odb_of
from zato_cli.exit_codes import DONE, ERROR

MOST = 10
"""How many other channels are shown."""


def run(options: Options) -> int:
    """Show who answers a request, with the files or, without any, with what the ODB holds."""
    assert options.match is not None
    method, target = options.match[0].upper(), options.match[1]
    accept = _accept(options.headers)
    problems: list[dict[str, Any]] = []
    if options.inputs:
        wanted, _ = examine(options)
        problems = problem_records(wanted)
        configuration = Snapshot(wanted.objects)
        places = {item.key: item.entry.found.node.place for item in wanted.valid}
    else:
        with closing(odb_of(options)) as odb:
            configuration, places = odb.load(), {}
    matched = match(configuration, method, target, accept)
    if options.json:
        request = {"method": method, "path": target, "accept": accept}
        output.document({**request, **_record(matched, places), "problems": problems})
    else:
        for line in _lines(f"{method} {target}", matched, places):
            output.line(line)
    return DONE if matched.is_answered else ERROR


def _accept(headers: tuple[str, ...]) -> str:
    """The one header that decides between channels. Raises UsageError for one that is no header."""
    accept = ""
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise click.UsageError(f"--header is `Name: value`, and `{header}` is not")
        if name.strip().lower() == "accept":
            accept = value.strip()
        else:
            output.note(f"`{name.strip()}` does not decide which channel answers; only `Accept` does", fg="yellow")
    return accept


def _lines(request: str, matched: Match, places: Mapping[Key, Place]) -> Iterator[str]:
    channel = matched.channel
    if channel is None:
        yield f"{request} is answered by no channel: {matched.reason}"
    else:
        yield f"{request} is answered by {_named(channel, places)}"
        yield f"  service    {channel.service}"
        for line in _guard_lines(matched.guards, places):
            yield f"  security   {line}"
        for name, value in matched.params.items():
            yield f"  parameter  {name} = {value}"
        yield f"  because    {matched.reason}"
    if matched.others:
        yield "Others:" if channel is not None else "Near it:"
    for passed in matched.others[:MOST]:
        yield f"  {_named(passed.channel, places)}, {passed.channel.url_path}: {passed.reason}"
    if matched.others[MOST:]:
        yield f"  and {len(matched.others) - MOST} more"


def _guard_lines(guards: tuple[Guard, ...], places: Mapping[Key, Place]) -> Iterator[str]:
    if not guards:
        yield "none: anyone can call it"
    for guard in guards:
        members = f", any of {', '.join(guard.members)}" if guard.members else ""
        yield _named(guard.object, places) + members + (f": {guard.refuses}" if guard.refuses else "")


def _named(thing: Kind, places: Mapping[Key, Place]) -> str:
    tag, place = thing.__struct_config__.tag, places.get((thing.section, thing.name))
    return f"{tag or thing.section} `{thing.name}`" + (f" ({place})" if place else "")


def _record(matched: Match, places: Mapping[Key, Place]) -> dict[str, Any]:
    channel = matched.channel
    return {
        "answered": matched.is_answered,
        "reason": matched.reason,
        "channel": channel and _object_record(channel, places),
        "service": channel and channel.service,
        "security": [
            {**_object_record(guard.object, places), "members": guard.members, "refuses": guard.refuses}
            for guard in matched.guards
        ],
        "parameters": dict(matched.params),
        "others": [
            {**_object_record(passed.channel, places), "url_path": passed.channel.url_path, "reason": passed.reason}
            for passed in matched.others
        ],
    }


def _object_record(thing: Kind, places: Mapping[Key, Place]) -> dict[str, Any]:
    place = places.get((thing.section, thing.name))
    return {"section": thing.section, "name": thing.name, **(output.file_record(place) if place else {})}
