"""A server without a process, and files to import into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.zato_cli.running import Outcome, Run
from zato.server.directory import ServerDirectory


class Importer:
    """Runs `zato enmasse` on one server with one file, c.yaml in the working directory."""

    def __init__(self, run: Run, server: ServerDirectory) -> None:
        self._run = run
        self.server = server

    def __call__(self, *arguments: str) -> Outcome:
        return self._run("enmasse", str(self.server.path), *arguments)

    def write(self, **sections: list[dict[str, Any]]) -> None:
        """Write the file."""
        Path("c.yaml").write_text(json.dumps(sections))

    def given(self, *options: str, **sections: list[dict[str, Any]]) -> Outcome:
        """Write the file, and import it or do with it what the options say."""
        self.write(**sections)
        action = () if "--plan" in options else ("--import", "--replace-odb-objects")
        return self(*action, *options, "--input", "c.yaml")


def key(name: str = "Key", **fields: Any) -> dict[str, Any]:
    """A security definition."""
    return {"name": name, "type": "apikey", "password": f"{name}.s3cret", **fields}


def channel(name: str = "Get user", **fields: Any) -> dict[str, Any]:
    """A REST channel."""
    return {"name": name, "service": "s", "url_path": f"/{name.lower().replace(' ', '/')}", **fields}
