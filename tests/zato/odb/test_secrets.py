from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zato.odb.secrets import Secrets


def test_digests_are_the_same_for_those_who_have_the_key_alone(tmp_path: Path) -> None:
    # Given
    for name in ("one", "two"):
        Secrets.create_key(tmp_path / name)
    one, two = Secrets(tmp_path / "one"), Secrets(tmp_path / "two")

    # Then
    assert one.digest("a", "b") == Secrets(tmp_path / "one").digest("a", "b")
    assert one.digest("a", "b") != two.digest("a", "b")
    assert len(one.digest()) == 64


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=5), max_size=3), st.lists(st.text(max_size=5), max_size=3))
def test_digests_tell_texts_apart_however_they_are_divided(secrets: Secrets, one: list[str], other: list[str]) -> None:
    assert (secrets.digest(*one) == secrets.digest(*other)) == (one == other)
