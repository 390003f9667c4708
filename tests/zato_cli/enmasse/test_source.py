from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from tests.zato_cli.enmasse.importing import Importer, channel
from zato.config.document import Document
from zato_cli.enmasse.source import Checkout, SourceFile, source_of


def git(directory: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", directory, *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(here: Path) -> Path:
    """A repository with one commit, of config/a.yaml."""
    root = here / "repository"
    (root / "config").mkdir(parents=True)
    (root / "config" / "a.yaml").write_text("channel_rest: []\n")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Begin")
    return root


def read(*paths: Path) -> list[Document]:
    return [Document(str(path), sha256="abc") for path in paths]


def test_files_in_a_checkout_tell_its_commit(checkout: Path) -> None:
    file = checkout / "config" / "a.yaml"

    source = source_of(read(file))

    assert source.files == (SourceFile(str(file), "abc"),)
    assert source.checkouts == (Checkout(str(checkout), git(checkout, "rev-parse", "HEAD"), dirty=False),)


@pytest.mark.parametrize("file", ["config/a.yaml", "new.yaml"])
def test_what_is_not_committed_is_told(checkout: Path, file: str) -> None:
    (checkout / file).write_text("security: []\n")

    (told,) = source_of(read(checkout / file)).checkouts

    assert told.dirty


def test_files_elsewhere_and_standard_input_have_no_commit(here: Path) -> None:
    assert source_of([*read(here / "c.yaml"), Document("<stdin>", sha256="abc")]).checkouts == ()


def test_a_repository_without_a_commit_has_none(here: Path) -> None:
    git(here, "init", "--quiet")

    assert source_of(read(here / "c.yaml")).checkouts == ()


def test_git_may_be_missing_broken_or_not_say_anything(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    documents = read(checkout / "config" / "a.yaml")
    tools = checkout / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))

    # Then
    assert source_of(documents).checkouts == ()

    for program in ("#!/none\n", "#!/bin/sh\nexit 1\n", "#!/bin/sh\nprintf '\\377'\n"):
        # When
        (tools / "git").write_text(program)
        (tools / "git").chmod(0o700)

        # Then
        assert source_of(documents).checkouts == ()


def test_asking_git_starts_no_program_of_the_checkout(checkout: Path) -> None:
    # Given
    hook = checkout / ".git" / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {checkout}/started\n")
    hook.chmod(0o700)
    git(checkout, "config", "core.fsmonitor", str(hook))

    # When
    source_of(read(checkout / "config" / "a.yaml"))

    # Then
    assert not (checkout / "started").exists()


def test_an_import_keeps_it_in_the_history(importer: Importer, here: Path) -> None:
    # Given
    git(here, "init", "--quiet")
    importer.write(channel_rest=[channel()])
    git(here, "add", "c.yaml")
    git(here, "commit", "--quiet", "--message", "Begin")
    commit = git(here, "rev-parse", "HEAD")

    # When
    importer("--import", "--input", "c.yaml")

    # Then
    sha256 = hashlib.sha256(Path("c.yaml").read_bytes()).hexdigest()
    (revision,) = importer("--history", "--json").json["revisions"]
    assert revision["source"] == {
        "files": [{"path": "c.yaml", "sha256": sha256}],
        "checkouts": [{"directory": os.fspath(here), "commit": commit, "dirty": True}],
    }
    told = f"    git: {here} at {commit}, with changes that were not committed\n"
    assert told in importer("--history").out
