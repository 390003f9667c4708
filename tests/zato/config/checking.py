"""What the tests of configuration files share: texts in, typed objects and problems out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zato.config.load import Wanted, load
from zato.config.snapshot import Snapshot
from zato.kinds.base import Kind


class Check:
    """Writes texts to files and loads them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files, in directories that are made."""
        for name, content in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def load(self, text: str | bytes, environ: Mapping[str, str] | None = None, odb: Snapshot | None = None) -> Wanted:
        """Load one text as the file c.yaml."""
        self.write({"c.yaml": text})
        return load(["c.yaml"], environ or {}, odb)

    def problems(
        self, text: str | bytes, environ: Mapping[str, str] | None = None, odb: Snapshot | None = None
    ) -> list[str]:
        """Every problem of one text, as printed."""
        return [str(problem) for problem in self.load(text, environ, odb).problems]

    def errors(
        self, text: str | bytes, environ: Mapping[str, str] | None = None, odb: Snapshot | None = None
    ) -> list[str]:
        """Every error of one text, as printed."""
        return [str(problem) for problem in self.load(text, environ, odb).problems.errors]

    def objects(self, text: str, environ: Mapping[str, str] | None = None) -> list[Kind]:
        """The objects of a text in which nothing is wrong."""
        wanted = self.load(text, environ)
        assert not wanted.problems.errors, [str(problem) for problem in wanted.problems.errors]
        return wanted.objects

    def object(self, text: str, environ: Mapping[str, str] | None = None) -> Kind:
        """The one object of a text in which nothing is wrong."""
        (thing,) = self.objects(text, environ)
        return thing
