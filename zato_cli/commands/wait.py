"""zato wait."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

import click

from zato_cli import output
from zato_cli.server import server_argument, server_directory


@click.command("wait")
@server_argument
@click.option("--path", metavar="DIR", help="Another way to name the server's directory.")
@click.option("--address", metavar="URL", help="Wait for this address in place of a server's directory.")
@click.option("--url-path", default="/zato/ping", show_default=True, help="What to ask at --address.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds.")
@click.option("--interval", type=click.FloatRange(min=0.01), default=0.1, show_default=True, help="Seconds.")
@click.option("--silent", is_flag=True, help="Print nothing.")
def command(
    server: str | None,
    path: str | None,
    address: str | None,
    url_path: str,
    timeout: float,
    interval: float,
    silent: bool,
) -> int:
    """Wait until a server answers. Exit code 1 if it does not in time."""
    from zato.errors import NotRunning
    from zato.server import control

    directory = None if address else server_directory(server or path)
    asked = address or str(directory.path if directory else "")
    deadline = time.monotonic() + timeout
    while True:
        if directory is not None:
            try:
                asked = control.call(directory.path, "info", timeout=5)["address"]
            except NotRunning:
                asked = ""
        if asked and _answers(asked, url_path):
            if not silent:
                output.line(f"{asked} answers")
            return 0
        if time.monotonic() >= deadline:
            if not silent:
                output.note(
                    f"Error: no answer from {address or (directory and directory.path)} in {timeout:g} s", fg="red"
                )
            return 1
        time.sleep(interval)


def _answers(address: str, url_path: str) -> bool:
    url = urlsplit(address if "://" in address else f"http://{address}")
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=5)
    try:
        connection.request("GET", url_path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
