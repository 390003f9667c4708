from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.powers import without_root_powers
from tests.zato.config.checking import Check
from zato.config.problems import Problems
from zato.config.read import MAX_BYTES, MAX_INCLUDE_DEPTH, read


def outcome(*inputs: str, **environ: str) -> tuple[list[str], list[str]]:
    """Names of the documents in order, and problems."""
    problems = Problems()
    documents = read(inputs, environ, problems).documents
    return [document.name for document in documents], [str(problem) for problem in problems]


def section(name: str) -> str:
    return f"security:\n  - {{name: {name}, type: apikey}}\n"


# Inputs


def test_files_directories_and_patterns_are_read_each_file_once(check: Check) -> None:
    check.write(
        {"b.yaml": section("b"), "d/a.yml": section("a"), "d/e/c.json": "{}", "d/x.txt": "no", "d/.h.yaml": "a"}
    )
    assert outcome("b.yaml", "d", "*.yaml", "d/e/*") == (["b.yaml", "d/a.yml", "d/e/c.json"], [])


def test_standard_input_is_read(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"security: [5]")))
    assert check.problems("{}") == []
    names, _ = outcome("-")
    assert names == ["<stdin>"]


def test_standard_input_that_is_closed_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert outcome("-") == (["<stdin>"], ["<stdin>: warning: the file is empty"])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("none.yaml", "none.yaml: there is no such file"),
        ("empty", "empty: there is no configuration file in this directory (it needs *.yaml, *.yml or *.json)"),
        ("none*.yaml", "none*.yaml: no file matches this pattern"),
        ("fifo", "fifo: this is not a regular file (pipe its content into `--input -`)"),
        ("/dev/zero", "/dev/zero: this is not a regular file (pipe its content into `--input -`)"),
        ("x" * 300, f"{'x' * 300}: it cannot be read: File name too long"),
        ("~nobody-of-this-name/a.yaml", "~nobody-of-this-name/a.yaml: there is no such file"),
    ],
)
def test_an_input_that_cannot_be_read_is_told(check: Check, given: str, problem: str) -> None:
    (check.directory / "empty").mkdir()
    os.mkfifo(check.directory / "fifo")
    assert outcome(given) == ([], [problem])


def test_a_file_without_permission_is_told(check: Check) -> None:
    check.write({"secret.yaml": section("a"), "d/b.yaml": section("b")})
    for name in ("secret.yaml", "d"):
        (check.directory / name).chmod(0)
    with without_root_powers():
        assert outcome("secret.yaml")[1] == ["secret.yaml: the file cannot be read: Permission denied"]
        assert outcome("d/b.yaml")[1] == ["d/b.yaml: it cannot be read: Permission denied"]
    (check.directory / "d").chmod(0o700)


# Content


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_encodings_and_line_breaks_of_other_systems_are_read(check: Check, encoding: str, line_break: str) -> None:
    content = "security:\n  - name: Zażółć\n    type: apikey\n    nme: x\n".replace("\n", line_break).encode(encoding)
    assert check.errors(content) == ["c.yaml:4:5: security/Zażółć/nme: unknown field `nme` (did you mean `name`?)"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: 1\nb: \xff", "c.yaml:2:4: byte 0xff is not UTF-8 (save the file as UTF-8)"),
        (b"\xff\xfea", "c.yaml:1:3: byte 0x61 is not UTF-16 (save the file as UTF-8)"),
        (b"", "c.yaml: warning: the file is empty"),
        (b"# only a comment\n", "c.yaml: warning: the file is empty"),
        (
            b"- a",
            "c.yaml:1:1: a configuration file is a mapping of sections to lists of objects, and this one is a list",
        ),
        (
            b"hello",
            (
                "c.yaml:1:1: a configuration file is a mapping of sections to lists of objects,"
                " and this one is a single value"
            ),
        ),
        (b"#" * (MAX_BYTES + 1), "c.yaml: the file is larger than 64 MiB (split it and `include` the parts)"),
    ],
)
def test_content_that_cannot_be_used_is_told(check: Check, content: bytes, problem: str) -> None:
    assert check.problems(content) == [problem]


def test_what_an_unreadable_file_may_define_is_not_missed(check: Check) -> None:
    channel = "channel_rest: [{name: a, service: s, url_path: /a, security: from elsewhere}]"
    check.write({"a.yaml": channel, "b.yaml": "x: [1"})
    _, problems = outcome("a.yaml", "b.yaml")
    assert len(problems) == 1
    assert len(check.problems(channel)) == 1
    check.write({"c.yaml": channel + "\ninclude: none.yaml"})
    assert check.errors(channel + "\ninclude: none.yaml") == [
        "c.yaml:2:10: include: there is no file `none.yaml` to include"
    ]


# Includes


@pytest.mark.parametrize(
    "written", ["[d/b.yaml]", "d/b.yaml", "['file://d/b.yaml']", "['d/*.yaml']", "['${DIR}/b.yaml']"]
)
def test_includes_are_read_after_the_file_that_includes(check: Check, written: str) -> None:
    check.write({"a.yaml": f"include: {written}\n" + section("a"), "d/b.yaml": section("b")})
    assert outcome("a.yaml", DIR="d") == (["a.yaml", "d/b.yaml"], [])


def test_includes_are_relative_to_the_including_file_and_else_to_the_first_one(check: Check) -> None:
    check.write(
        {
            "a.yaml": "include: [d/b.yaml]",
            "d/b.yaml": "include: [e.yaml, f.yaml, d/f.yaml]",
            "d/e.yaml": section("own"),
            "e.yaml": section("not read"),
            "f.yaml": section("of the first"),
            "d/f.yaml": section("of the first, by its path"),
        }
    )
    assert outcome("a.yaml") == (["a.yaml", "d/b.yaml", "d/e.yaml", "d/f.yaml"], [])


def test_an_absolute_path_and_a_parent_directory_are_included(check: Check) -> None:
    check.write({"d/a.yaml": f"include: [../b.yaml, {check.directory}/c.yaml]", "b.yaml": "{}", "c.yaml": "{}"})
    assert outcome("d/a.yaml") == (["d/a.yaml", "d/../b.yaml", f"{check.directory}/c.yaml"], [])


def test_a_file_that_is_included_twice_is_read_once(check: Check) -> None:
    check.write(
        {
            "a.yaml": "include: [b.yaml, c.yaml]",
            "b.yaml": "include: [d.yaml]",
            "c.yaml": "include: [d.yaml]",
            "d.yaml": section("d"),
        }
    )
    assert outcome("a.yaml") == (["a.yaml", "b.yaml", "d.yaml", "c.yaml"], [])


def test_a_pattern_leaves_out_the_file_that_it_stands_in(check: Check) -> None:
    check.write({"a.yaml": "include: ['*.yaml']", "b.yaml": "{}"})
    assert outcome("a.yaml") == (["a.yaml", "b.yaml"], [])


def test_a_cycle_of_includes_is_shown(check: Check) -> None:
    check.write({"a.yaml": "include: [b.yaml]", "b.yaml": "x:\ninclude:\n  - c.yaml", "c.yaml": "include: a.yaml"})
    files = " → ".join(str(Path(name).resolve()) for name in ("a.yaml", "b.yaml", "c.yaml", "a.yaml"))
    assert outcome("a.yaml")[1] == [
        f"c.yaml:1:10: include: files include each other: {files} (remove one of the includes)"
    ]


def test_includes_are_followed_to_a_depth(check: Check) -> None:
    check.write({f"{n}.yaml": f"include: {n + 1}.yaml" for n in range(1000)})
    names, problems = outcome("0.yaml")
    assert len(names) == MAX_INCLUDE_DEPTH + 1
    assert problems == ["20.yaml:1:10: include: includes are nested deeper than 20"]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[none.yaml]", "c.yaml:1:11: include: there is no file `none.yaml` to include"),
        ("[ 'none*.yaml' ]", "c.yaml:1:12: include: there is no file `none*.yaml` to include"),
        ("5", "c.yaml:1:10: include: `include` is a list of paths"),
        ("[{a: b}]", "c.yaml:1:11: include: `include` is a list of paths"),
        ("{a: b}", "c.yaml:1:10: include: `include` is a list of paths"),
        ('["a\\0/*"]', "c.yaml:1:11: include: `a\\x00/*` cannot be included: embedded null byte"),
        (f"[{'x' * 300}]", f"c.yaml:1:11: include: `{'x' * 200}…{'x' * 39}` cannot be included: File name too long"),
        (
            "['${DIR}/b.yaml']",
            (
                "c.yaml:1:11: the environment variable `DIR` is not set"
                " (set it, put it into the --env-file, or write a default: `${DIR:-default}`)"
            ),
        ),
    ],
)
def test_an_include_that_cannot_be_followed_is_told(check: Check, written: str, problem: str) -> None:
    assert check.problems(f"include: {written}") == [problem]


def test_an_include_of_nothing_is_nothing(check: Check) -> None:
    assert check.problems("include:\nsecurity: []") == []
