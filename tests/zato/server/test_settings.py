from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.config.problems import Problem
from zato.errors import ConfigurationError
from zato.server.settings import Settings, read, template


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "server.conf"


def problems_of(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(ConfigurationError) as e:
        read(file)
    return [str(problem).removeprefix(f"{file}:") for problem in e.value.problems]


@pytest.mark.parametrize("text", ["", "# nothing\n", "[main]\n", template()])
def test_what_is_not_set_has_its_default(file: Path, text: str) -> None:
    file.write_text(text)

    assert read(file) == Settings()


def test_every_setting_of_the_template_can_be_switched_on(file: Path) -> None:
    # When
    file.write_text(re.sub(r"(?m)^#(\w+ = )", r"\1", template()))

    # Then
    assert read(file) == Settings()
    assert "\nbind = 127.0.0.1:17010\n" in file.read_text()


def test_settings_are_read(file: Path) -> None:
    # When
    file.write_text(
        """
        [main]
        bind = "[::1]:8080"  # IPv6
        drain = 2
        [http]
        threads = 16
        [logging]
        level = DEBUG
        access_log = no
        [misc]
        default_error_message = 'Sorry, that failed'
        """.replace("no\n", "false\n")
    )

    # Then
    settings = read(file)
    assert settings.main.bind == "[::1]:8080"
    assert settings.main.drain == 2.0
    assert settings.http.threads == 16
    assert settings.logging.level == "DEBUG"
    assert settings.logging.access_log is False
    assert settings.misc.default_error_message == "Sorry, that failed"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("[main]\nbnid = x:1\n", ["2:1: main: unknown setting `bnid` (did you mean `bind`?)"]),
        ("[mian]\n", ["1:1: unknown section `mian` (did you mean `main`?)"]),
        ("bind = x:1\n", ["1:1: unknown setting outside a section `bind`"]),
        ("[main]\nbind = 17010\n", ["2:1: main/bind: `17010` does not fit: it is host:port"]),
        ("[http]\n  threads = 0\n", ["2:3: http/threads: `0` does not fit: expected `int` >= 1"]),
        ("[http]\nthreads = many\n", ["2:1: http/threads: `many` does not fit: expected `int`, got `str`"]),
        (
            "[main]\ndrain\n[http\n",
            [
                "2:1: Invalid line: drain (write [section] or name = value)",
                "3:1: Invalid line: [http (write [section] or name = value)",
            ],
        ),
        ("[main]\n[main]\n", ["2:1: Duplicate section name: [main] (write [section] or name = value)"]),
        (
            "[main]\ndrain=1\ndrain=2\n",
            ["3:1: Duplicate keyword name: drain=2 (write [section] or name = value)"],
        ),
        (
            "[main]\ndrain = x\nbind = y\n",
            [
                "2:1: main/drain: `x` does not fit: expected `float`, got `str`",
                "3:1: main/bind: `y` does not fit: it is host:port",
            ],
        ),
    ],
)
def test_every_problem_is_told_at_its_line(file: Path, text: str, problems: list[str]) -> None:
    assert problems_of(file, text) == problems


def test_a_file_that_is_not_there_is_an_error(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"^{file}: the file cannot be read: No such file or directory$"):
        read(file)


def test_a_file_that_is_not_utf_8_is_an_error(file: Path) -> None:
    file.write_bytes(b"[main]\n\xff\n")

    with pytest.raises(ConfigurationError, match=f"^{file}: the file cannot be read: it is not UTF-8$"):
        read(file)


@given(st.text(alphabet=st.sampled_from("[]main=bind:0 \n\"'#,drx\\%${}é"), max_size=60))
def test_whatever_is_written_is_settings_or_problems_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.conf"
    file.write_text(text)

    problems: Sequence[Problem] = ()
    try:
        read(file)
    except ConfigurationError as e:
        problems = e.problems
    assert all(problem.place.file == str(file) for problem in problems)
