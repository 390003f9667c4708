"""What the documentation shows is run: files are written, commands are run, and print what is printed under them.

A block with `title=PATH` is a file. In a `console` block each line that begins with `$ ` is a command, and what follows
is all that it prints; a line `…` stands for any lines. A `sh` block is run as a script. A comment above a block says
that it is not run, and why, or with which exit code its last command ends.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.servers.ports import free_port
from tests.servers.zato_server import PROGRAM, environment
from zato.config.load import load

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]


class Block(NamedTuple):
    """A fenced block."""

    document: str
    line: int
    language: str
    title: str
    comment: str
    content: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks_of(path: Path) -> list[Block]:
    """The fenced blocks of a document."""
    found = re.compile(
        r"^(?:<!-- (?P<comment>[^\n]*) -->\n)?```(?P<language>\w*)(?: title=(?P<title>\S+))?\n(?P<content>.*?)^```$",
        re.MULTILINE | re.DOTALL,
    )
    text = path.read_text()
    return [
        Block(
            path.name,
            text.count("\n", 0, match.start()) + 1,
            match["language"],
            match["title"] or "",
            match["comment"] or "",
            match["content"],
        )
        for match in found.finditer(text)
    ]


class Reader:
    """Does what a document says, in a directory of its own and with ports of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.environ = environment({"HOME": str(directory), "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"})
        self.environ.pop("GITHUB_WORKSPACE", None)

    def follow(self, block: Block) -> None:
        """Write the file, or run the commands."""
        if block.comment.startswith("not run: "):
            return
        if block.title:
            path = self.directory / block.title.replace("~", str(self.directory))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.content)
        match block.language:
            case "console":
                self._console(block)
            case "sh":
                code, printed = self._run(f"set -e\n{block.content}")
                assert code == 0, f"{block}: {printed}"
            case "yaml" if not block.title:
                self._validate(block)
            case "json":
                json.loads(block.content)
            case "ini":
                configparser.ConfigParser().read_string(block.content)
            case "python":
                compile(block.content, str(block), "exec")

    def stop(self) -> None:
        """Stop the servers that were started."""
        for mark in self.directory.rglob(".zato-info"):
            self._run(f"zato stop {mark.parent} || true")

    def _console(self, block: Block) -> None:
        code = 0
        for command, expected in _commands(block.content):
            if command.startswith("export "):
                name, _, value = command.removeprefix("export ").partition("=")
                self.environ[name] = value
                continue
            code, printed = self._run(command)
            shown = "".join(f"{line}\n" for line in expected)
            assert _fits(printed, expected), f"{block}: `{command}` printed\n{printed}\nand not\n{shown}"
        wanted = re.fullmatch(r"exit code (\d+)", block.comment)
        assert code == (int(wanted[1]) if wanted else 0), str(block)

    def _run(self, command: str) -> tuple[int, str]:
        command = command.replace("zato start ", f"zato start --bind 127.0.0.1:{self.port} ")
        done = subprocess.run(
            ["sh", "-c", command.replace("127.0.0.1:17010", f"127.0.0.1:{self.port}")],
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout.replace(str(self.directory), "~")

    def _validate(self, block: Block) -> None:
        path = self.directory / f"{block.line}.yaml"
        path.write_text(block.content)
        variables = dict.fromkeys(re.findall(r"\$\{(\w+)", block.content), "x")
        errors = [str(problem) for problem in load([str(path)], variables).problems.errors]
        assert errors == [], str(block)


def _commands(content: str) -> Iterator[tuple[str, list[str]]]:
    """Each command, with the lines under it."""
    parts = re.split(r"^\$ ", content, flags=re.MULTILINE)
    assert parts[0] == "", "a console block begins with a command"
    for part in parts[1:]:
        command, *expected = part.rstrip("\n").split("\n")
        yield command, expected


def _fits(printed: str, expected: list[str]) -> bool:
    pattern = "".join("(?:.*\n)*" if line == "…" else f"{re.escape(line)}\n" for line in expected)
    return re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else f"{printed}\n") is not None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_shows_is_so(document: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        for block in blocks_of(document):
            reader.follow(block)
    finally:
        reader.stop()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []
