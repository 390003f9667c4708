from __future__ import annotations

from pathlib import Path

from zato.config.reference import generated

SCHEMAS = Path(__file__).parent.parent / "schemas"


def test_the_generated_files_are_fresh() -> None:
    found = {str(path.relative_to(SCHEMAS)): path.read_text() for path in SCHEMAS.rglob("*.*") if path.is_file()}
    stale = sorted(name for name in {*found, *generated()} if found.get(name) != generated().get(name))
    assert stale == [], f"not what the kinds say: {', '.join(stale)}; run `zato schema --write schemas`"
