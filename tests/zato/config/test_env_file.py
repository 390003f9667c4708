from __future__ import annotations

from pathlib import Path

import pytest

from zato.config.env_file import read
from zato.errors import ConfigurationError


def test_variables_are_read_whatever_header_they_are_under(tmp_path: Path) -> None:
    path = tmp_path / "env.ini"
    path.write_text(
        "A=1\n\n[env]\n# a comment\n; another\nB = two words \n"
        "export C='quoted # text'\nD=\"x=y\"\n[more]\nE=\nF='\nA=2\n"
    )
    assert read(path) == {"A": "2", "B": "two words", "C": "quoted # text", "D": "x=y", "E": "", "F": "'"}


def test_every_line_that_is_no_variable_is_told(tmp_path: Path) -> None:
    path = tmp_path / "env.ini"
    path.write_text("A=1\nhello\n2B=3\n")
    with pytest.raises(ConfigurationError) as raised:
        read(path)
    assert str(raised.value) == (
        f"{path}:2:1: this line is not `NAME=value`\n{path}:3:1: this line is not `NAME=value`"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "the file cannot be read: No such file or directory"),
        (b"A=\xff", "the file cannot be read: 'utf-8' codec"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "env.ini"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=problem):
        read(path)
