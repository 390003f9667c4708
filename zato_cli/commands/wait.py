"""zato wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from zato_cli import output
from zato_cli.exit_codes import DONE, ERROR
from zato_cli.server import SERVER_HELP, server_argument, server_directory

if TYPE_CHECKING:
    from zato.server.directory import ServerDirectory


def _url(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    if given is None:
        return None
    address = given if "://" in given else f"http://{given}"
    try:
        url = urlsplit(address)
        usable = url.scheme in {"http", "https"} and url.hostname and (url.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise click.BadParameter(f"{given} is not [http://]host:port")
    return address


@click.command("wait", epilog=SERVER_HELP)
@server_argument
@click.option("--path", metavar="DIR", help="Another way to name the server's directory.")
@click.option("--address", metavar="URL", callback=_url, help="Wait for this address in place of a server's directory.")
@click.option("--url-path", default="/zato/ping", show_default=True, help="What to ask for.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS")
@click.option("--interval", type=click.FloatRange(min=0.01), default=0.1, show_default=True, metavar="SECONDS")
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
    if address and (server or path):
        raise click.UsageError("say either --address or a server's directory")
    directory = None if address else server_directory(server or path)
    asked = address or str(directory and directory.path)
    deadline = time.monotonic() + timeout
    while True:
        url = address or (directory and _address_of(directory))
        if url and _answers(url, url_path):
            if not silent:
                output.line(f"{url} answers")
            return DONE
        if time.monotonic() >= deadline:
            if not silent:
                output.note(f"Error: no answer from {asked} within {timeout:g} s", fg="red")
            return ERROR
        time.sleep(interval)


def _address_of(directory: ServerDirectory) -> str:
    from zato.errors import NotRunning
    from zato.server import control

    try:
        return str(control.call(directory.path, "info", timeout=5)["address"])
    except NotRunning:
        return ""


def _answers(address: str, url_path: str) -> bool:
    import http.client

    url = urlsplit(address)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=5)
    try:
        connection.request("GET", url_path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
