from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zato.server.serving import Server
from zato.common.ext.bunch import Bunch
from zato.server.user_config import Section, UserConfig, typed

TUTORIAL = "[notify_fraud]\nRGV=True\n"


@pytest.fixture
def config(tmp_path: Path) -> UserConfig:
    return UserConfig([tmp_path])


def write(config: UserConfig, text: str, file: str = "tutorial.conf") -> None:
    (Path(config.directories[0]) / file).write_text(text)
    config.rescan()


def test_a_service_reads_it_under_three_names(server: Server) -> None:
    server.deploy(
        """
        from zato.server.service import Service

        class Tested(Service):
            name = "tested"

            def handle(self):
                assert self.config is self.user_config is self.server.user_config
                config = self.server.user_config.get("tutorial")
                self.response.payload = config.notify_fraud.get("RGV") if config else "nothing"
        """
    )
    assert server.runtime.invoke("tested") == "nothing"
    server.user_conf("tutorial.conf", TUTORIAL)
    assert server.runtime.invoke("tested") is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("0123", "0123"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("True", True),
        ("false", False),
        ("yes", "yes"),
        ("2024-10-10", "2024-10-10"),
        ("", ""),
        ("{'a': 1}", {"a": 1}),
        ("{a}", "{a}"),
        ("[" * 10_000, "[" * 10_000),
        ("{[]: 1}", "{[]: 1}"),
        (f"[{'-' * 50_000}1]", f"[{'-' * 50_000}1]"),
        ("text", "text"),
    ],
)
def test_values_have_types(text: str, value: object) -> None:
    found = typed(text)
    assert found == value
    assert type(found) is type(value)


@given(st.text())
def test_any_text_has_a_type(text: str) -> None:
    typed(text)


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
def test_numbers_and_booleans_come_back_as_they_were_written(value: object) -> None:
    assert typed(repr(value)) == value


def test_sections_lists_quotes_and_variables(config: UserConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_VARIABLE", "5")
    write(
        config,
        """
        top = 1
        [section]
        list = a, 2, True
        one = a,
        quoted = "a, b"
        text = '''two
        lines'''
        whole = $MY_VARIABLE
        braces = ${MY_VARIABLE}
        part = a$MY_VARIABLE
        dollar = $$MY_VARIABLE
        [[nested]]
        key = value # comment
        """,
    )
    tutorial = config.values.tutorial
    assert tutorial.top == 1
    assert tutorial.section.list == ["a", 2, True]
    assert tutorial.section.one == ["a"]
    assert tutorial.section.quoted == "a, b"
    assert tutorial.section.text.split() == ["two", "lines"]
    assert [tutorial.section[key] for key in ("whole", "braces", "part", "dollar")] == [
        5, 5, "a$MY_VARIABLE", "$MY_VARIABLE",
    ]  # fmt: skip
    assert tutorial.section.nested.key == "value"


def test_references_that_services_keep_see_new_values(config: UserConfig) -> None:
    write(config, "[a]\nold = 1\nkept = 1\n[gone]\nx = 1\n")
    tutorial, section = config.values.tutorial, config.values.tutorial.a
    write(config, "[a]\nkept = 2\nnew = 3\n[fresh]\ny = 1\n")
    assert config.values.tutorial is tutorial
    assert tutorial.a is section
    assert dict(section.items()) == {"kept": 2, "new": 3}
    assert sorted(tutorial) == ["a", "fresh"]


@pytest.mark.parametrize(
    ("broken", "problems"),
    [
        ("[a]\nx\n", [":2:1: Invalid line ('x') (matched as neither section nor keyword)"]),
        (
            "a = 1\na = 2\n[[[deep]]]\n",
            [":2:1: Duplicate keyword name", ":3:1: Section too nested"],
        ),
        (
            "a = $NOT_SET_AT_ALL\n",
            [":1:1: the environment variable `NOT_SET_AT_ALL` is not set (set it, or write `$$` for a dollar sign)"],
        ),
    ],
)
def test_a_broken_file_is_reported_and_the_old_values_stay(
    config: UserConfig, broken: str, problems: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    write(config, TUTORIAL)

    # When
    write(config, broken)

    # Then
    path = config.directories[0] / "tutorial.conf"
    assert [str(problem) for problem in config.problems] == [f"{path}{text}" for text in problems]
    assert all(str(problem) in caplog.text for problem in config.problems)
    assert config.values.tutorial.notify_fraud.RGV is True

    # When it is mended
    write(config, "[notify_fraud]\nRGV=False\n")

    # Then
    assert config.problems == []
    assert config.values.tutorial.notify_fraud.RGV is False


def test_a_file_that_is_not_text_is_reported(config: UserConfig) -> None:
    (config.directories[0] / "a.ini").write_bytes(b"\xff\xfe\x00")
    config.rescan()
    assert "the file cannot be read: 'utf-8' codec" in str(config.problems[0])


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("env.ini", "env = 1\n", "the file cannot be used: "),
        ("env.ini", "[env]\nMY_VARIABLE = a\0b\n", "the file cannot be used: ValueError: embedded null byte"),
        ("env.ini", "[env]\n'' = 1\n", "the file cannot be used: "),
    ],
)
def test_a_file_that_breaks_its_reader_is_reported_and_others_are_taken_over(
    tmp_path: Path, file: str, text: str, problem: str
) -> None:
    (tmp_path / file).write_text(text)
    (tmp_path / "tutorial.conf").write_text(TUTORIAL)
    config = UserConfig([tmp_path])
    assert [str(found)[: len(f"{tmp_path}/{file}: {problem}")] for found in config.problems] == [
        f"{tmp_path}/{file}: {problem}"
    ]
    assert config.values.tutorial.notify_fraud.RGV is True


def test_a_deleted_file_is_absent(config: UserConfig) -> None:
    write(config, TUTORIAL)
    (config.directories[0] / "tutorial.conf").unlink()
    config.rescan()
    assert config.values.get("tutorial") is None
    with pytest.raises(AttributeError, match="tutorial"):
        _ = config.values.tutorial


def test_the_first_of_two_files_of_one_name_counts_until_it_is_gone(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.conf").write_text(f"x = {folder}")
    config = UserConfig([tmp_path / "one", tmp_path / "two"])
    assert config.values.a.x == "one"
    assert [str(problem) for problem in config.problems] == [
        f"{tmp_path}/two/a.conf: `a` is read from another file ({tmp_path}/one/a.conf is the first)"
    ]
    (tmp_path / "one" / "a.conf").unlink()
    config.rescan()
    assert config.values.a.x == "two"
    assert config.problems == []


def test_env_ini_sets_variables_that_other_files_name(config: UserConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_NEW_VARIABLE", raising=False)
    (config.directories[0] / "a.conf").write_text("x = $MY_NEW_VARIABLE")
    write(config, "[env]\nMY_NEW_VARIABLE = 5\n", "env.ini")
    assert config.values.a.x == 5
    assert "env" not in config.values
    monkeypatch.setenv("MY_NEW_VARIABLE", "")  # which puts back that it was not set
    assert os.environ["MY_NEW_VARIABLE"] == ""


def test_it_is_sent_as_json(config: UserConfig) -> None:
    from zato.server.http.response import to_json

    write(config, TUTORIAL)
    assert json.loads(to_json(config.values)) == {"tutorial": {"notify_fraud": {"RGV": True}}}


def test_readers_never_see_a_section_without_what_it_had_before_and_after() -> None:
    # Given
    section = Section(a=1, nested=Section(b=1), extra=0)
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = {
                "a": section.get("a"),
                "b": section.nested.get("b"),
                "all": sorted(section),
                "items": section.items(),
            }
            if found["a"] is None or found["b"] is None or not {"a", "nested"} <= set(found["all"]):
                wrong.append(found)
            for _ in section:
                dict(section.items())

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()

    # When
    for number in range(3000):
        section.become(Section({"a": number, "nested": Section(b=number), f"extra{number % 7}": number}))
    done.set()
    for reader in readers:
        reader.join()

    # Then
    assert wrong == []


def test_a_copy_stays_as_it_is() -> None:
    section = Section(a=1)
    copy = section.copy()
    section.become({"a": 2})
    assert copy == Bunch(a=1)
    assert list(section.values()) == [2]
    assert list(section.keys()) == ["a"]
