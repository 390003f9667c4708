"""The `zato` command: finds the subcommand, and says what went wrong in a way that a person can act on."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from typing import Any

import click

import zato
import zato_cli.commands
from zato_cli.exit_codes import DONE, ERROR, INTERRUPTED, ROLLED_BACK


class Commands(click.Group):
    """The subcommands: one module each in zato_cli/commands, imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all subcommands."""
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(zato_cli.commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"zato_cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.version_option(zato.__version__, message="%(version)s")
def cli() -> None:
    """Run integration services whose whole configuration is files."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Exits with one of zato_cli.exit_codes."""
    _open_missing_streams()
    from zato.errors import SwitchError, ZatoError
    from zato_cli import output

    as_json = "--json" in (sys.argv if arguments is None else arguments)
    try:
        code: Any = cli.main(arguments, prog_name="zato", standalone_mode=False)
    except click.ClickException as e:
        if as_json:
            output.document({"error": e.format_message()})
        else:
            e.show()
        code = ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted", err=True)
        code = INTERRUPTED
    except SwitchError as e:
        output.error(e, as_json=as_json)
        code = ROLLED_BACK
    except ZatoError as e:
        output.error(e, as_json=as_json)
        code = ERROR
    except OSError as e:  # such as a full disk under the file that our output goes to
        click.echo(f"Error: {f'{e.filename}: ' if e.filename else ''}{e.strerror or e}", err=True)
        code = ERROR
    sys.exit(code if isinstance(code, int) else DONE)


def _open_missing_streams() -> None:
    """Put /dev/null in the place of standard streams that our parent closed; files would get their descriptors."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is the stream's own
            os.set_inheritable(descriptor, True)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False))
