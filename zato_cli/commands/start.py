"""zato start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from zato_cli import output
from zato_cli.exit_codes import DONE
from zato_cli.server import SERVER_HELP, server_argument, server_directory

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory

START_SECONDS = 60


@click.command("start", epilog=SERVER_HELP)
@server_argument
@click.option("--fg", "foreground", is_flag=True, help="Stay in the foreground and log to the terminal too.")
@click.option("--bind", metavar="HOST:PORT", help="Address to listen at, in place of the one in server.conf.")
@click.option("--deploy", multiple=True, type=click.Path(), metavar="DIR", help="Serve this folder's services too.")
@click.option("--env-file", metavar="PATH", help="File of NAME=value lines to set variables from.")
def command(
    server: str | None, foreground: bool, bind: str | None, deploy: tuple[str, ...], env_file: str | None
) -> int:
    """Start a server.

    It serves the configuration in its ODB and follows each import.
    """
    from zato.config import env_file as env_files

    directory = server_directory(server)
    for folder in deploy:
        if not Path(folder).is_dir():
            raise click.ClickException(f"--deploy: there is no directory {folder}")
    if env_file:
        os.environ.update(env_files.read(Path(env_file)))
    folders = tuple(str(Path(folder).resolve()) for folder in deploy)
    if foreground:
        from zato.server.run import Options, Server

        started = Server(directory, Options(bind=bind, deploy=folders, foreground=True))
        return started.run(lambda address: output.note(f"{directory.name} listens on {address}; Ctrl-C stops it"))
    return _in_background(directory, bind, folders)


def _in_background(directory: ServerDirectory, bind: str | None, deploy: tuple[str, ...]) -> int:
    import msgspec

    arguments = [sys.executable, "-P", "-m", "zato.server.run", str(directory.path)]
    arguments += [f"--bind={bind}"] if bind is not None else []
    arguments += [f"--deploy={folder}" for folder in deploy]
    console = directory.logs / "console.log"
    reading, writing = os.pipe()
    with _open(console) as log, os.fdopen(reading, "rb") as pipe:
        printed_before = log.tell()
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*arguments, f"--ready-fd={writing}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writing],
            start_new_session=True,
            cwd=directory.path,
        )
        os.close(writing)
        try:
            told = _told(pipe)
        except BaseException:  # Ctrl-C, too: a server that is not there in time is not to come up later
            process.terminate()
            raise
    if not told:
        process.wait()
        reason = _last_line(console, printed_before) or f"see {console}"
        raise click.ClickException(f"the server ended while it was starting: {reason}")
    answer = msgspec.json.decode(told)
    if "error" in answer:
        raise click.ClickException(answer["error"])
    output.line(f"{directory.name} started, process ID {process.pid}, {answer['address']}")
    return DONE


def _open(console: Path) -> BinaryIO:
    try:
        console.parent.mkdir(exist_ok=True)
        return console.open("ab")
    except OSError as e:
        raise click.ClickException(f"the log {console} cannot be written: {e.strerror}") from None


def _told(pipe: BinaryIO) -> bytes:
    """What the server tells once it serves, or why it does not; nothing if it ended without a word."""
    import select

    if not select.select([pipe], [], [], START_SECONDS)[0]:
        raise click.ClickException(f"the server was not ready within {START_SECONDS} s, and was ended; see its logs")
    return pipe.readline()


def _last_line(console: Path, start: int) -> str:
    """The last that the process printed, as a rule the error that ended it."""
    lines = console.read_bytes()[start:].decode(errors="replace").splitlines()
    return f"{lines[-1]} (more in {console})" if lines else ""
