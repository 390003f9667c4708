"""The catalogue of bad configuration files (reference: reliability, section 5.1), as far as our kinds allow it."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.zato.config.checking import Check
from zato.kinds.rest.channel import ChannelREST


def broker(fields: str) -> str:
    return f"def_amqp: [{{name: B, host: h, password: p, {fields}}}]"


def outgoing(fields: str) -> str:
    return f"outgoing_rest: [{{name: A, {fields}}}]"


def channel(fields: str) -> str:
    return f"channel_rest: [{{name: A, service: s, {fields}}}]"


WRONG_NAME = "has the wrong form (the right one: it has no control or invisible characters)"
WRONG_HOST = "has the wrong form (the right one: it begins with http:// or https:// and has no user, spaces, ? or #)"


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        pytest.param("a: " + "[" * 100_000, ["1:53: values are nested deeper than 50"], id="E1"),
        pytest.param("def_amqp: &a [*a]", ["1:15: `*a` stands inside `&a`"], id="E4 self reference"),
        pytest.param(
            "a: !!python/object/apply:os.system [id]",
            ["1:4: the tag `!!python/object/apply:os.system` is not known (write plain values, without tags)"],
            id="E5",
        ),
        pytest.param(
            "a: !include /etc/passwd",
            ["1:4: the tag `!include` is not known (write plain values, without tags)"],
            id="E6",
        ),
        pytest.param(
            broker("vhost: a, vhost: b"),
            ["1:54: the key `vhost` is given twice in one mapping (the first one is at line 1; keep one)"],
            id="E8",
        ),
        pytest.param(broker("port: 22:22"), ["1:50: def_amqp/B/port: `22:22` is not a whole number"], id="E11"),
        pytest.param(broker("is_active: no"), [], id="E12 no"),
        pytest.param(broker("is_active: 'no'"), [], id="E12 quoted"),
        pytest.param(
            broker("is_active: nope"), ["1:55: def_amqp/B/is_active: `nope` is not true or false"], id="E12 nope"
        ),
        pytest.param(
            "version: 1.10",
            ["1:10: version: this version of the file format is not known (write `version: 1`, or nothing)"],
            id="E13 version",
        ),
        pytest.param(
            "def_amqp: [{name: 012345, host: h, password: p}]",
            ["1:19: def_amqp/5349/name: `5349` is not a text (quote it)"],
            id="E13 number",
        ),
        pytest.param(
            "def_amqp: [{name: null, host: h, password: p}]",
            ["1:12: def_amqp: the field `name` is missing (Identity of the object within its section.)"],
            id="E13 null",
        ),
        pytest.param(
            broker("port: 1" + "0" * 5000), ["1:50: this value cannot be read (quote it if it is a text)"], id="E15"
        ),
        pytest.param(
            broker("port: '1" + "0" * 5000 + "'"),
            [f"1:50: def_amqp/B/port: `1{'0' * 199}…{'0' * 39}` is not a whole number"],
            id="E15 quoted",
        ),
        pytest.param(
            outgoing("host: http://a, url_path: /, timeout: .nan"),
            ["1:65: outgoing_rest/A/timeout: `nan` is not a number"],
            id="E16 nan",
        ),
        pytest.param(
            outgoing("host: http://a, url_path: /, timeout: 'inf'"),
            ["1:65: outgoing_rest/A/timeout: `inf` is not a number"],
            id="E16 inf",
        ),
        pytest.param(
            outgoing("host: http://a, url_path: /, timeout: -1"),
            ["1:65: outgoing_rest/A/timeout: `-1` is less than 0 s (Longest wait for an answer; 0 waits for ever.)"],
            id="E16 negative",
        ),
        pytest.param(
            outgoing("host: http://a, url_path: /, timeout: 1000000000000"),
            [
                (
                    "1:65: outgoing_rest/A/timeout: `1000000000000` is more than 86400 s"
                    " (Longest wait for an answer; 0 waits for ever.)"
                )
            ],
            id="E16 large",
        ),
        pytest.param("a: 1\n---\nb: 2", ["2:1: a file holds one document (split it at the `---`)"], id="E19"),
        pytest.param(
            "def_amqp:\n\t- name: a",
            ["2:1: this is not YAML: found character that cannot start any token (indent with spaces, not tabs)"],
            id="E20",
        ),
        pytest.param(
            'def_amqp: [{name: "a\\0", host: h, password: p}]',
            [f"1:19: def_amqp/a\\x00/name: `a\\x00` {WRONG_NAME}"],
            id="E21 NUL",
        ),
        pytest.param(
            "def_amqp: [{name: a\u202eb\u200b, host: h, password: p}]",
            [f"1:19: def_amqp/a\\u202eb\\u200b/name: `a\\u202eb\\u200b` {WRONG_NAME}"],
            id="E21 invisible",
        ),
        pytest.param("\x00", ["1:1: this is not YAML: control characters are not allowed"], id="E21 NUL byte"),
        pytest.param(
            broker("password: '${NONE}'").replace("password: p, ", ""),
            [
                (
                    "1:41: the environment variable `NONE` is not set"
                    " (set it, put it into the --env-file, or write a default: `${NONE:-default}`)"
                )
            ],
            id="E27 unset",
        ),
        pytest.param(
            broker("vhost: '${LINES}', heartbeat: '${LINES}'"),
            ["1:74: def_amqp/B/heartbeat: the value of `${LINES}` is not a whole number"],
            id="E27 lines",
        ),
        pytest.param(
            f"def_amqp: [{{name: {'x' * 201}, host: h, password: p}}]",
            [f"1:19: def_amqp/{'x' * 201}/name: the value is longer than 200 characters"],
            id="E28 long",
        ),
        pytest.param(
            'def_amqp: [{name: "a/b \'; DROP TABLE object; -- é", host: h, password: p}]', [], id="E28 punctuation"
        ),
        pytest.param(channel("url_path: a"), ["1:48: channel_rest/A/url_path: a URL path starts with `/`"], id="E29"),
        pytest.param(
            channel("url_path: '/a?b=c'"),
            ["1:48: channel_rest/A/url_path: a URL path ends before `?` and `#`"],
            id="E29 query",
        ),
        pytest.param(
            channel("url_path: '/{a}{b}'"),
            ["1:48: channel_rest/A/url_path: something must separate two parameters"],
            id="E29 adjacent",
        ),
        pytest.param(
            channel("url_path: '/{a}/{a}'"),
            ["1:48: channel_rest/A/url_path: the parameter `a` is there more than once"],
            id="E29 repeated",
        ),
        *(
            pytest.param(channel(f"url_path: '{path}'"), [f"1:48: channel_rest/A/url_path: {wrong}"], id=f"E29 {path}")
            for path, wrong in (
                ("/a//b", "a URL path has no empty parts, as `//` makes them"),
                ("//a", "a URL path has no empty parts, as `//` makes them"),
                ("/a/../b", "a part of a URL path cannot be `.` or `..`"),
                ("/{a}/..", "a part of a URL path cannot be `.` or `..`"),
                ("/./a", "a part of a URL path cannot be `.` or `..`"),
                ("/a/%2e%2E/b", "a URL path has its dots as they are, not as `%2e`"),
            )
        ),
        *(
            pytest.param(
                outgoing(f"host: '{host}', url_path: /"),
                [f"1:33: outgoing_rest/A/host: `{host}` {WRONG_HOST}"],
                id=f"E30 {host}",
            )
            for host in ("file:///etc/passwd", "gopher://a", "a", "http://a ", "https://", "http://a b")
        ),
        pytest.param(
            outgoing("host: 'http://u:p@a', url_path: /"),
            [f"1:33: outgoing_rest/A/host: `http://***@a` {WRONG_HOST}"],
            id="E30 userinfo",
        ),
        pytest.param(outgoing("host: 'http://[::1]:8080', url_path: /"), [], id="E30 IPv6"),
        pytest.param('{"def_amqp": [{"name": "B", "host": "h", "password": "p"}]}', [], id="E34"),
        pytest.param(
            "def_amqp: [{name: B, host: h, password: 0123}]",
            ["1:41: def_amqp/B/password: the value is not a text (quote it)"],
            id="E35 number",
        ),
        pytest.param(
            "def_amqp: [{name: B, host: h, password: [a]}]",
            ["1:41: def_amqp/B/password: the value is not a text"],
            id="E35 list",
        ),
        pytest.param(
            "def_amqp: [{name: B, host: h, password: ''}]",
            ["1:41: def_amqp/B/password: the password is empty (give it as `password: ${NAME}`)"],
            id="E35 empty",
        ),
    ],
)
def test_a_bad_file_is_told(check: Check, content: str, problems: list[str]) -> None:
    began = time.process_time()
    assert check.errors(content, {"LINES": "a\nb"}) == [f"c.yaml:{problem}" for problem in problems]
    assert time.process_time() - began < 2


def test_dates_stay_text(check: Check) -> None:
    thing = check.object(channel("url_path: /, is_deprecated: true, deprecation_sunset: 2024-13-45"))
    assert isinstance(thing, ChannelREST)
    assert thing.deprecation_sunset == "2024-13-45"


# What must neither take long nor fill the memory

MEMORY = 1024 * 1024 * 1024
SECONDS = 20


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def validated(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from zato_cli.main import main; main()", "enmasse", "--validate", "--input"]
    return subprocess.run(
        [*command, path.name], cwd=path.parent, capture_output=True, text=True, preexec_fn=_limited, check=False
    )


def _merge_bomb() -> str:
    merged = ", ".join(["*a"] * 300)
    return "a: &a {" + ", ".join(f"k{n}: 0" for n in range(1000)) + "}\n" + f"b: {{<<: [{merged}]}}\n"


def _alias_bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


def _merge_chain() -> str:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: *a{n - 1}}}" for n in range(1, 60)]
    return "\n".join(lines)


BOMBS = {
    "E1 deep lists": ("[" * 1_000_000, "1:51: values are nested deeper than 50"),
    "E1 deep mappings": ("{a: " * 1_000_000, "1:201: values are nested deeper than 50"),
    "E1 deep blocks": ("- " * 100_000, "1:101: values are nested deeper than 50"),
    "E2 merge bomb": (_merge_bomb(), "2:446: the aliases of this file repeat too many values (write them out)"),
    "E3 alias bomb": (_alias_bomb(), "6:10: the aliases of this file repeat too many values (write them out)"),
    "E3 merge chain": (_merge_chain(), "16:17: the aliases of this file repeat too many values (write them out)"),
    "long line": ("a: '" + "x" * 30_000_000, "1:30000005: this is not YAML: found unexpected end of stream"),
    "long key": ("x" * 1_000_000 + ": 1", "1:1000001: this is not YAML"),
    "E32 large": ("#" * 100_000_000, "c.yaml: the file is larger than 64 MiB (split it and `include` the parts)"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_in_an_error_within_bounded_time_and_memory(tmp_path: Path, name: str) -> None:
    content, problem = BOMBS[name]
    path = tmp_path / "c.yaml"
    path.write_text(content)
    ran = validated(path)
    lines = ran.stderr.splitlines()
    assert ran.returncode == 1, ran.stderr[-2000:]
    assert lines[0].startswith(problem if problem.startswith("c.yaml") else f"c.yaml:{problem}")
    assert len(ran.stderr) < 2000


def test_aliases_may_repeat_what_a_large_file_needs(check: Check) -> None:
    objects = "".join(f"  - {{<<: *d, name: C{n}, url_path: /{n}}}\n" for n in range(10_000))
    fields = "service: s, method: GET, data_format: json, timeout: 10, is_active: true, match_slash: false"
    text = f"channel_rest:\n  - &d {{{fields}, name: C, url_path: /}}\n{objects}"
    assert len(check.objects(text)) == 10_001
