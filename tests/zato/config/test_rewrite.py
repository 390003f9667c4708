from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.zato.config.checking import Check
from tests.zato.config.objects import snapshots
from zato.config.document import Document, Node, parse
from zato.config.export import Format, export, secret_references, text
from zato.config.load import load
from zato.config.merge import merge
from zato.config.normalise import normalise
from zato.config.problems import Problems
from zato.config.rewrite import References, Rewritten, rewrite
from zato.config.snapshot import Key, Snapshot, key_of
from zato.errors import ConfigurationError, ZatoError
from zato.kinds.base import Kind

Change = Callable[[dict[Key, Kind]], None]

FILE = """\
# Connections of the sales team
include: [common.yaml]

outgoing_rest:  # all of them
  # Runs at the headquarters
  - name: CRM
    host: ${CRM_HOST}   # never the old one
    url_path: /crm
    timeout: 30  # seconds

  # Money
  - {name: Payments, host: "http://pay", url_path: /p}  # flow

  - name: Third
    host: http://third
    url_path: /t
    # the end of Third

security:
- name: Key
  type: apikey
  password: ${KEY}  # rotated yearly
# the end
"""
ENVIRON = {"CRM_HOST": "http://crm", "KEY": "k"}


def changed(
    check: Check, written: str, change: Change, *, environ: Mapping[str, str] | None = None, name: str = "c.yaml"
) -> str:
    """The text of a file after what it holds has changed; what it holds then is checked to be right."""
    environ = ENVIRON if environ is None else environ
    check.write({name: written, "common.yaml": "def_amqp: []\n"})
    loaded = load([name], environ)
    assert not loaded.problems.errors, [str(problem) for problem in loaded.problems]
    objects = {key_of(thing): thing for thing in loaded.objects}
    before = dict(objects)
    change(objects)
    references = {
        key: {field: text for field, text in of_it.items() if kept(objects.get(key), before[key], field)}
        for key, of_it in loaded.variables.items()
    }
    result = rewritten(name, objects, references, environ)
    check.write({name: result.text})
    wanted = secret_references(objects.values(), references)
    secrets = {
        reference[2:-1]: getattr(objects[key], field)
        for key, fields in wanted.items()
        for field, reference in fields.items()
    }
    again = load([name], {**environ, **secrets})
    assert {key_of(thing): thing for thing in again.objects} == objects
    assert not again.problems.errors
    assert rewritten(name, objects, references, environ).text == result.text
    return result.text


def kept(now: Kind | None, before: Kind, field: str) -> bool:
    """Whether a field is what it was, so that the ODB still knows the variable that it came from."""
    return now is not None and getattr(now, field, None) == getattr(before, field)


def rewritten(name: str, objects: Mapping[Key, Kind], references: References, environ: Mapping[str, str]) -> Rewritten:
    return rewrite(Path(name), objects.values(), references, environ)


def setting(section: str, name: str, **fields: object) -> Change:
    """Change fields of an object."""

    def change(objects: dict[Key, Kind]) -> None:
        objects[section, name] = msgspec.structs.replace(objects[section, name], **fields)

    return change


def without(*keys: Key) -> Change:
    """Delete objects."""

    def change(objects: dict[Key, Kind]) -> None:
        for key in keys:
            del objects[key]

    return change


def adding(section: str, *fields: str) -> Change:
    """Make objects."""

    def change(objects: dict[Key, Kind]) -> None:
        document = Document("new.yaml", f"{section}: [{', '.join(fields)}]")
        document.root = parse(document, {}, Problems())
        entries = normalise(merge([document], Problems()).objects, Problems())
        for entry in entries:
            thing = msgspec.convert(entry.values, entry.kind)
            objects[key_of(thing)] = thing

    return change


def nothing(_: dict[Key, Kind]) -> None:
    pass


# Files in YAML


def test_a_file_in_which_nothing_differs_stays_as_it_is(check: Check) -> None:
    assert changed(check, FILE, nothing) == FILE


def test_it_does_so_when_no_variable_is_set(check: Check) -> None:
    check.write({"c.yaml": FILE, "common.yaml": ""})
    loaded = load(["c.yaml"], ENVIRON)
    objects = {key_of(thing): thing for thing in loaded.objects}
    assert rewritten("c.yaml", objects, loaded.variables, {}).text == FILE


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (setting("outgoing_rest", "CRM", timeout=45.5), "timeout: 30 ", "timeout: 45.5 "),
        (setting("outgoing_rest", "CRM", timeout=120.0), "timeout: 30 ", "timeout: 120.0 "),
        (setting("outgoing_rest", "CRM", host="http://new"), "host: ${CRM_HOST} ", "host: http://new "),
        (
            setting("outgoing_rest", "CRM", ping_path="/x", is_active=False),
            "timeout: 30  # seconds\n",
            "timeout: 30  # seconds\n    is_active: false\n    ping_path: /x\n",
        ),
        (setting("outgoing_rest", "Payments", url_path="/a,b"), "url_path: /p}", "url_path: '/a,b'}"),
        (setting("outgoing_rest", "Payments", timeout=1.0), "url_path: /p}", "url_path: /p, timeout: 1.0}"),
        (setting("outgoing_rest", "Third", content_type="a: b"), "/t\n", "/t\n    content_type: 'a: b'\n"),
        (without(("outgoing_rest", "Third")), "\n  - name: Third\n    host: http://third\n    url_path: /t\n", ""),
        (
            without(("outgoing_rest", "Payments")),
            '\n  # Money\n  - {name: Payments, host: "http://pay", url_path: /p}  # flow\n',
            "",
        ),
        (
            without(("outgoing_rest", "CRM")),
            FILE[FILE.index("  - name: CRM") : FILE.index("\n  # Money")],
            "",
        ),
        (
            without(("security", "Key")),
            "security:\n- name: Key\n  type: apikey\n  password: ${KEY}  # rotated yearly\n",
            "security: []  # rotated yearly\n",
        ),
        (
            adding("outgoing_rest", "{name: New, host: 'http://n', url_path: /n}"),
            "    url_path: /t\n",
            "    url_path: /t\n\n  - name: New\n    host: http://n\n    url_path: /n\n",
        ),
        (
            adding("security", "{name: Other, type: apikey, password: p}"),
            "# rotated yearly\n",
            "# rotated yearly\n- name: Other\n  type: apikey\n  password: ${SECURITY_OTHER_PASSWORD}\n",
        ),
        (
            adding("channel_rest", "{name: C, service: s, url_path: /c}"),
            "# rotated yearly\n",
            "# rotated yearly\n\nchannel_rest:\n  - name: C\n    service: s\n    url_path: /c\n",
        ),
        (
            adding("security", "{name: Key, type: basic_auth, username: u, password: k}"),
            "name: Key\n  type: apikey\n  password: ${KEY}  #",
            "name: Key\n  type: basic_auth\n  username: u\n  password: ${KEY}  #",
        ),
    ],
)
def test_only_what_differs_is_edited(check: Check, change: Change, old: str, new: str) -> None:
    assert FILE.count(old) == 1
    assert changed(check, FILE, change) == FILE.replace(old, new)


@pytest.mark.parametrize(
    ("written", "change", "result"),
    [
        ("# mine", adding("def_amqp", "{name: A, host: h}"), "# mine\ndef_amqp:\n- name: A\n  host: h\n"),
        ("", adding("def_amqp", "{name: A, host: h}"), "def_amqp:\n- name: A\n  host: h\n"),
        (
            "def_amqp:  # all\n# end",
            adding("def_amqp", "{name: A, host: h}"),
            "def_amqp:  # all\n  - name: A\n    host: h\n# end",
        ),
        ("def_amqp: ~", adding("def_amqp", "{name: A, host: h}"), "def_amqp:\n  - name: A\n    host: h"),
        ("def_amqp: []  # x\n", adding("def_amqp", "{name: A, host: h}"), "def_amqp:  # x\n  - name: A\n    host: h\n"),
        (
            "def_amqp: [{name: B, host: h}]\n",
            adding("def_amqp", "{name: A, host: h}"),
            "def_amqp: [{name: B, host: h}, {name: A, host: h}]\n",
        ),
        ("def_amqp: [{name: B, host: h}]\n", without(("def_amqp", "B")), "def_amqp: []\n"),
        (
            "def_amqp: [{name: A, host: h}, {name: B, host: h}, {name: C, host: h}, {name: D, host: h}]\n",
            without(("def_amqp", "A"), ("def_amqp", "C"), ("def_amqp", "D")),
            "def_amqp: [{name: B, host: h}]\n",
        ),
        (
            "outconn_plain_http:\n  - {name: A, host: 'http://h', url_path: /, tls_verify: no}\n",
            adding("outgoing_rest", "{name: B, host: 'http://h', url_path: /}"),
            (
                "outconn_plain_http:\n  - {name: A, host: 'http://h', url_path: /, tls_verify: no}\n"
                "  - name: B\n    host: http://h\n    url_path: /\n"
            ),
        ),
        (
            "outconn_plain_http:\n  - {name: A, host: 'http://h', url_path: /, tls_verify: no}\n",
            setting("outgoing_rest", "A", validate_tls=True),
            "outconn_plain_http:\n  - {name: A, host: 'http://h', url_path: /, tls_verify: true}\n",
        ),
        (
            "channel_rest:\n- {service: a, service_name: a, name: A, url_path: /a}\n",
            setting("channel_rest", "A", service="b"),
            "channel_rest:\n- {service: b, service_name: b, name: A, url_path: /a}\n",
        ),
        (
            "apikey:\n- {name: A, password: p}\n",
            adding("security", "{name: B, type: apikey, password: p}"),
            (
                "apikey:\n- {name: A, password: p}\n\nsecurity:\n- name: B\n  type: apikey\n"
                "  password: ${SECURITY_B_PASSWORD}\n"
            ),
        ),
        (
            "apikey:\n- {name: A, password: p}\n",
            setting("security", "A", password="q"),
            "apikey:\n- {name: A, password: '${SECURITY_A_PASSWORD}'}\n",
        ),
        (
            "http_soap:\n- {name: A, service: s, url_path: /, connection: channel, transport: plain_http, method: ~}",
            setting("channel_rest", "A", method="GET"),
            "http_soap:\n- {name: A, service: s, url_path: /, connection: channel, transport: plain_http, method: GET}",
        ),
        (
            "security:\n- {name: A, type: apikey, password: p}\ngroups:\n- name: G\n  members:  # some\n  - A  # me\n",
            setting("groups", "G", members=()),
            "security:\n- {name: A, type: apikey, password: p}\ngroups:\n- name: G\n  members: []  # some  # me\n",
        ),
        (
            (
                "channel_rest:\n- security: A\n  name: C\n  service: s\n  url_path: /c\n  content_type: |-\n    x/y\n"
                "security: [{name: A, type: apikey, password: p}]\n"
            ),
            setting("channel_rest", "C", security=None, content_type="z"),
            (
                "channel_rest:\n- security: null\n  name: C\n  service: s\n  url_path: /c\n  content_type: z\n"
                "security: [{name: A, type: apikey, password: p}]\n"
            ),
        ),
        (
            "channel_rest:\r\n- name: C\r\n  service: s\r\n  url_path: /c\r\n",
            setting("channel_rest", "C", method="PUT"),
            "channel_rest:\r\n- name: C\r\n  service: s\r\n  url_path: /c\r\n  method: PUT\r\n",
        ),
        (
            "channel_rest:\n- name: C\n  url_path: /c\n  content_type: z\n  service: s\n",
            setting("channel_rest", "C", content_type=None),
            "channel_rest:\n- name: C\n  url_path: /c\n  service: s\n",
        ),
        (
            "channel_rest:\n- name: C\n  url_path: /c\n  content_type: z\n  service:\n    s\n",
            setting("channel_rest", "C", content_type=None, match_slash=True),
            "channel_rest:\n- name: C\n  url_path: /c\n  service:\n    s\n  match_slash: true\n",
        ),
        (
            "def_amqp:\n- name: A\n  host: h\n  username:\n",
            setting("def_amqp", "A", username="x"),
            "def_amqp:\n- name: A\n  host: h\n  username: x\n",
        ),
    ],
)
def test_files_of_all_shapes_are_edited_as_they_are_written(
    check: Check, written: str, change: Change, result: str
) -> None:
    assert changed(check, written, change, environ={}) == result


ANCHORED = """\
outgoing_rest:
  - &base
    name: A
    host: &host http://a
    url_path: /a
    timeout: 30
  # B is like A
  - <<: *base  # merged
    name: B
  - name: C  # mine
    host: *host
    url_path: /c
"""


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (
            setting("outgoing_rest", "A", timeout=5.0),
            "timeout: 30\n  # B is like A\n  - <<: *base  # merged\n    name: B\n",
            "timeout: 5.0\n  # B is like A\n  - <<: *base  # merged\n    name: B\n    timeout: 30.0\n",
        ),
        (setting("outgoing_rest", "B", timeout=5.0), "name: B\n", "name: B\n    timeout: 5.0\n"),
        (setting("outgoing_rest", "C", host="http://c"), "host: *host\n", "host: http://c\n"),
        (
            without(("outgoing_rest", "A")),
            ANCHORED.partition("\n")[2],
            (
                "  # B is like A\n"
                "  - host: http://a\n    url_path: /a\n    timeout: 30.0  # merged\n    name: B\n"
                "  - name: C  # mine\n    host: http://a\n    url_path: /c\n"
            ),
        ),
        (
            setting("outgoing_rest", "A", host="http://b"),
            ANCHORED.partition("\n")[2],
            ANCHORED.partition("\n")[2]
            .replace("http://a", "http://b")
            .replace("name: B\n", "name: B\n    host: http://a\n")
            .replace("host: *host", "host: http://a"),
        ),
    ],
)
def test_what_came_through_an_anchor_stays_what_it_was(check: Check, change: Change, old: str, new: str) -> None:
    assert changed(check, ANCHORED, change) == ANCHORED.replace(old, new)


# JSON

JSON = """\
{
  "def_amqp": [
    {
      "name": "A",
      "host": "h"
    }
  ],
  "security": []
}
"""


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (nothing, "", ""),
        (setting("def_amqp", "A", host="\U0001f600"), '"h"', '"\U0001f600"'),
        (setting("def_amqp", "A", port=1), '"h"\n', '"h",\n      "port": 1\n'),
        (
            adding("def_amqp", "{name: B, host: i}"),
            '"h"\n    }\n',
            '"h"\n    },\n    {\n      "name": "B",\n      "host": "i"\n    }\n',
        ),
        (without(("def_amqp", "A")), '[\n    {\n      "name": "A",\n      "host": "h"\n    }\n  ]', "[]"),
        (
            adding("security", "{name: K, type: basic_auth, username: u}"),
            '"security": []',
            '"security": [\n    {\n      "name": "K",\n      "type": "basic_auth",\n      "username": "u"\n    }\n  ]',
        ),
        (
            adding("groups", "{name: G}"),
            '"security": []',
            '"security": [],\n  "groups": [\n    {\n      "name": "G"\n    }\n  ]',
        ),
    ],
)
def test_json_stays_json(check: Check, change: Change, old: str, new: str) -> None:
    result = changed(check, JSON, change, name="c.json")
    assert result == JSON.replace(old, new)
    msgspec.json.decode(result)


def test_json_on_one_line_stays_on_one_line(check: Check) -> None:
    written = r'{"def_amqp":[{"name":"\ud83d\ude00","host":"h"}]}'
    result = changed(check, written, adding("def_amqp", "{name: B, host: i}"), name="c.json")
    assert result == r'{"def_amqp":[{"name":"\ud83d\ude00","host":"h"}, {"name":"B","host":"i"}]}'


def test_an_empty_json_document_is_filled(check: Check) -> None:
    result = changed(check, "{}", adding("def_amqp", "{name: A, host: h}"), name="c.json")
    assert msgspec.json.decode(result) == {"def_amqp": [{"name": "A", "host": "h"}]}


# What is beside the file


def test_included_files_are_left_alone_and_what_differs_in_them_is_told(check: Check) -> None:
    # Given
    check.write(
        {
            "c.yaml": "include: [d.yaml]\ndef_amqp: [{name: A, host: h}]\n",
            "d.yaml": "outgoing_amqp:\n  - {name: P, def_name: A}\n  - {name: Q, def_name: A}\n",
        }
    )
    loaded = load(["c.yaml"], {})
    objects = {key_of(thing): thing for thing in loaded.objects}
    setting("outgoing_amqp", "P", priority=2, app_id="x")(objects)
    without(("outgoing_amqp", "Q"))(objects)
    setting("def_amqp", "A", host="i")(objects)

    # When
    result = rewritten("c.yaml", objects, {}, {})

    # Then
    assert result.text == "include: [d.yaml]\ndef_amqp: [{name: A, host: i}]\n"
    assert result.left == (
        "d.yaml:2:5: outgoing_amqp/P differs in priority, app_id",
        "d.yaml:3:5: outgoing_amqp/Q does not exist any more",
    )


def test_what_is_not_chosen_stays(check: Check) -> None:
    check.write({"c.yaml": "def_amqp: [{name: A, host: h}, {name: B, host: h}]\n"})
    objects = {key_of(thing): thing for thing in load(["c.yaml"], {}).objects}
    without(("def_amqp", "A"), ("def_amqp", "B"))(objects)
    result = rewrite(Path("c.yaml"), objects.values(), {}, {}, is_chosen=lambda key: key[1] == "A")
    assert result.text == "def_amqp: [{name: B, host: h}]\n"


def test_sections_that_only_zato_has_stay(check: Check) -> None:
    written = "sql:\n  - {name: CRM, x: 1}  # later\n"
    check.write({"c.yaml": written})
    assert rewritten("c.yaml", {}, {}, {}).text == written


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("def_amqp: [{name: A, hots: h}]", "c.yaml:1:22: def_amqp/A/hots: unknown field `hots` (did you mean `host`?)"),
        ("def_amqp: [", "c.yaml:1:12: this is not YAML: did not find expected node content"),
        ("def_amqp: [{name: '${A}', host: h}]", "c.yaml:1:19: the name depends on a variable that is not set"),
        ("include: [none.yaml]", "c.yaml:1:11: include: there is no file `none.yaml` to include"),
    ],
)
def test_a_file_with_problems_is_not_touched(check: Check, written: str, problem: str) -> None:
    check.write({"c.yaml": written})
    with pytest.raises(ConfigurationError) as raised:
        rewritten("c.yaml", {}, {}, {})
    assert str(raised.value.problems[0]).startswith(problem)


def test_a_file_that_cannot_be_edited_is_told(check: Check) -> None:
    check.write({"c.yaml": "def_amqp: [&a {name: A, host: h}]\nsql: [*a]\n"})
    with pytest.raises(ZatoError, match=r"c\.yaml cannot be edited .*; export to a new file"):
        rewritten("c.yaml", {}, {}, {})


# Any file


@st.composite
def commented(draw: st.DrawFn, written: str) -> str:
    """The same text with comments, where they may stand."""
    lines = []
    for number, line in enumerate(written.splitlines()):
        if re.match(r"- |\w+:", line) and draw(st.booleans()):
            lines.append(f"# above {number}")
        lines.append(line)
    return "\n".join(lines) + "\n"


NAMES = st.sampled_from(["a", "b", "c", "A B", "${x", "12"])


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]
)
@given(snapshots(NAMES), snapshots(NAMES), st.sampled_from(["yaml", "json"]), st.data())
def test_any_file_takes_over_any_configuration_and_keeps_the_comments_of_what_stays(
    tmp_path_factory: pytest.TempPathFactory, now: Snapshot, then: Snapshot, to: Format, data: st.DataObject
) -> None:
    # Given
    path = tmp_path_factory.mktemp("r") / f"c.{to}"
    before = text(export(now, {}), to)
    if to == "yaml":
        before = data.draw(commented(before))
    path.write_text(before, newline="")
    environ = {
        reference[2:-1]: getattr(thing, field)
        for snapshot in (now, then)
        for thing in snapshot
        for field, reference in secret_references(snapshot, {}).get(key_of(thing), {}).items()
    }

    note(f"{before}\nis to hold {text(export(then, {}), 'yaml')}")

    # When
    result = rewrite(path, then, {}, environ)

    # Then
    assert imported(result.text, environ) == then
    if to == "json":
        msgspec.json.decode(result.text)
    if now == then:
        assert result.text == before
    gone = {key_of(thing) for thing in now} - {key_of(thing) for thing in then}
    if not gone:
        kept = re.findall(r"^# above \d+$", before, re.MULTILINE)
        assert re.findall(r"^# above \d+$", result.text, re.MULTILINE) == kept


def imported(written: str, environ: Mapping[str, str]) -> Snapshot:
    """What a file holds, before the rules that compare objects with each other."""
    problems = Problems()
    document = Document("c", written)
    root = parse(document, environ, problems)
    document.root = root if isinstance(root, Node) else Node()
    entries = normalise(merge([document], problems).objects, problems)
    assert [str(problem) for problem in problems] == []
    return Snapshot(msgspec.convert(entry.values, entry.kind) for entry in entries)


def test_rows_with_variables_stay_and_are_added_with_them(check: Check) -> None:
    # Given
    rows = '{key: Authorization, value: "Bearer ${TOK}"}, {key: A, value: "$${b}"}'
    crm = f"outgoing_rest: [{{name: CRM, host: http://h, url_path: /p, request_headers: [{rows}]}}]\n"
    check.write({"c.yaml": crm, "other.yaml": crm.replace(f", request_headers: [{rows}]", "")})
    loaded = load(["c.yaml"], {"TOK": "canary"})

    # When
    same = rewritten("c.yaml", {key_of(thing): thing for thing in loaded.objects}, loaded.variables, {})
    added = rewritten("other.yaml", {key_of(thing): thing for thing in loaded.objects}, loaded.variables, {})

    # Then
    assert same.text == crm
    assert added.variables == ("TOK",)
    assert "canary" not in added.text
    assert load(["c.yaml"], {"TOK": "x"}).variables == loaded.variables
