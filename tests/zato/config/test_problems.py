from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.config.problems import Place, Problem, Problems, did_you_mean, printable


@pytest.mark.parametrize(
    ("problem", "printed"),
    [
        (Problem(place=Place("a.yaml", 3, 5), message="it is wrong"), "a.yaml:3:5: it is wrong"),
        (
            Problem(place=Place("a.yaml", 3, 5), message="it is wrong", path="s/n/f", hint="mend it"),
            "a.yaml:3:5: s/n/f: it is wrong (mend it)",
        ),
        (Problem(place=Place("a.yaml"), message="odd", severity="warning"), "a.yaml: warning: odd"),
        (Problem(place=Place("a\x1b[2J.yaml"), message="one\ntwo\u202e"), "a\\x1b[2J.yaml: one\\ntwo\\u202e"),
    ],
)
def test_a_problem_is_printed_on_one_line(problem: Problem, printed: str) -> None:
    assert str(problem) == printed


@given(st.text())
def test_nothing_that_is_printed_steers_a_terminal(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(text) == text or not text.isprintable()


def test_problems_are_told_in_the_order_of_files_and_lines() -> None:
    problems = Problems()
    problems.error(Place("b", 1, 1), "3")
    problems.warning(Place("a", 10, 1), "2")
    problems.error(Place("a", 9, 5), "1")
    assert [problem.message for problem in problems] == ["1", "2", "3"]
    assert [problem.message for problem in problems.errors] == ["1", "3"]
    assert [problem.message for problem in problems.warnings] == ["2"]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("chanel_rest", "did you mean `channel_rest`?"),
        ("CRM ", "did you mean `crm`?"),
        ("nothing like it", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_is_suggested(wrong: str, hint: str) -> None:
    assert did_you_mean(wrong, ["channel_rest", "channel_amqp", "crm"]) == hint
