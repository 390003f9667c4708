"""Options that pipelines pass to Zato's own command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.zato_server import zato
from zato_cli.commands.enmasse import OF_ZATO


@pytest.mark.parametrize("option", OF_ZATO)
def test_they_are_taken_and_told_to_have_no_effect(tmp_path: Path, option: str) -> None:
    # Given
    (tmp_path / "a.yaml").write_text("outgoing_rest: [{name: A, host: 'http://a', url_path: /}]")
    is_flag, reason = OF_ZATO[option]

    # When
    arguments = [option] if is_flag else [option, "120"]
    done = zato("enmasse", "--validate", "--input", "a.yaml", *arguments, cwd=tmp_path)

    # Then
    assert (done.returncode, done.stdout) == (0, "1 object is valid\n")
    assert done.stderr == f"{option} has no effect: {reason}\n"
