"""--plan: what changes mean, as text, as JSON and on a terminal; drift of secrets."""

from __future__ import annotations

import json
from pathlib import Path

from tests.zato_cli.enmasse.importing import Importer, channel, key
from tests.zato_cli.terminal import on_terminal

BROKER = {"name": "Broker", "host": "h", "password": "p"}
BEFORE = {
    "security": [key(), key("Old")],
    "def_amqp": [BROKER],
    "outgoing_rest": [{"name": "CRM", "host": "http://h", "url_path": "/", "security": "Key"}],
    "outgoing_amqp": [{"name": name, "def_name": "Broker"} for name in ("Fraud Detection Connection", "X", "Y")],
    "channel_rest": [channel(security="Key", method="GET"), channel("Gone")],
    "channel_amqp": [{"name": "Orders", "def_name": "Broker", "queue": "orders", "service": "s"}],
}
AFTER = {
    "security": [key(password="rotated")],
    "def_amqp": [{**BROKER, "heartbeat": 60}],
    "channel_rest": [channel(security="Key", method="GET", protected=True), channel("New", url_path="/new")],
}
TOLD = """\
~ security `Key`
    password: (changed)
    reconnects CRM; 1 channel depends on this
~ def_amqp `Broker`
    heartbeat: 30 → 60
    reconnects Fraud Detection Connection and 2 more; reconnects 1 consumer
~ channel_rest `Get user`
    protected: false → true
    no effect on traffic
+ channel_rest `New`
    answers any method /new from now on
- channel_rest `Gone`
    answers any method /gone no more
- security `Old`
    no effect on traffic
1 to create, 3 to update, 2 to delete, 0 unchanged
"""


def test_what_each_change_means_is_told(importer: Importer) -> None:
    assert importer.given(**BEFORE).code == 0

    planned = importer.given("--plan", "--prune", **AFTER)

    assert (planned.code, planned.out) == (2, TOLD)


def test_it_is_coloured_on_a_terminal(importer: Importer, here: Path) -> None:
    importer.given(security=[key(), key("Old")])
    importer.write(security=[key(password="rotated"), key("New")])

    code, printed = on_terminal("enmasse", "server1", "--plan", "--prune", "--input", "c.yaml", cwd=here)

    assert (code, printed) == (
        2,
        (
            "\x1b[33m~ security `Key`\x1b[0m\n    password: (changed)\n\x1b[36m    no effect on traffic\x1b[0m\n"
            "\x1b[32m+ security `New`\x1b[0m\n\x1b[36m    no effect on traffic\x1b[0m\n"
            "\x1b[31m- security `Old`\x1b[0m\n\x1b[36m    no effect on traffic\x1b[0m\n"
            "1 to create, 1 to update, 1 to delete, 0 unchanged\n"
        ),
    )


def test_json_tells_the_same(importer: Importer) -> None:
    # Given
    importer.given(**BEFORE)

    # When
    planned = importer.given("--plan", "--prune", "--owner", "team", "--json", **AFTER)

    # Then
    assert (planned.code, planned.err) == (2, "")
    told = planned.json
    assert (told["revision"], told["unchanged"]) == (1, 0)
    assert told["steps"][0] == {
        "action": "update",
        "section": "security",
        "name": "Key",
        "owner": {"old": "default", "new": "team"},
        "changes": [{"field": "password", "secret": True}],
        "impact": ["reconnects CRM", "1 channel depends on this"],
    }
    assert "rotated" not in planned.out


def test_a_secret_that_was_changed_elsewhere_is_drift(importer: Importer) -> None:
    # Given
    importer.given(security=[key()])
    importer.given(security=[key(password="changed-by-someone")])

    # When
    planned = importer.given("--plan", security=[key()])

    # Then
    assert planned == (
        2,
        (
            "~ security `Key`\n    password: (changed)\n    no effect on traffic\n"
            "0 to create, 1 to update, 0 to delete, 0 unchanged\n"
        ),
        "",
    )
    assert "s3cret" not in importer("--history", "--json").out


def test_what_a_value_holds_does_not_steer_the_terminal(importer: Importer) -> None:
    importer.given(channel_rest=[channel(service="a")])

    shown = importer.given("--plan", channel_rest=[channel(service="a\x9b2J")]).out

    assert '    service: "a" → "a\\x9b2J"\n' in shown


def test_a_saved_plan_tells_who_reads_it_what_changes(importer: Importer) -> None:
    importer.given(**BEFORE)

    importer.given("--plan", "--out", "plan.json", **AFTER)

    saved = json.loads(Path("plan.json").read_text())
    assert saved["revision"] == 1
    assert [file["path"] for file in saved["source"]["files"]] == ["c.yaml"]
    assert [step["told"]["impact"] for step in saved["steps"]][2:] == [
        ["no effect on traffic"],
        ["answers any method /new from now on"],
    ]
