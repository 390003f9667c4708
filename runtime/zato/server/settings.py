"""server.conf: the settings of one server, each declared once here; the file itself is generated."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from zato.config.problems import Place, Problems, did_you_mean
from zato.errors import ConfigurationError
from zato.kinds.base import about
from zato.server.http.limits import Limits


class Main(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server listens and what it works on."""

    bind: Annotated[
        str,
        about(
            "Address to listen at, `host:port`.",
            form="it is host:port",
            pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):[0-9]{1,5}$",
        ),
    ] = "127.0.0.1:17010"
    odb: Annotated[
        str,
        about(
            "The operational database: a file, relative to the server's directory, or "
            "postgresql://USER@HOST:PORT/DATABASE. ${NAME} is an environment variable.",
            min_length=1,
        ),
    ] = "odb.db"
    drain: Annotated[
        float, about("How long a server that is stopped goes on with what it has begun.", unit="s", ge=0)
    ] = 30.0


class Logging(msgspec.Struct, frozen=True, kw_only=True):
    """What is written to logs/."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], about("Least severe messages in server.log.")] = (
        "INFO"
    )
    access_log: Annotated[bool, about("Whether requests are written to http_access.log.")] = True
    max_bytes: Annotated[int, about("Size at which a log file is rotated.", unit="B", ge=1024)] = 50 * 1024 * 1024
    backups: Annotated[int, about("Rotated files to keep.", ge=0)] = 5


class Misc(msgspec.Struct, frozen=True, kw_only=True):
    """What callers are told."""

    return_tracebacks: Annotated[bool, about("Whether callers see the errors of services; for development.")] = False
    default_error_message: Annotated[str, about("What callers see instead.")] = "An error has occurred"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in server.conf."""

    main: Main = Main()
    http: Limits = Limits()
    logging: Logging = Logging()
    misc: Misc = Misc()


def read(path: Path) -> Settings:
    """Read server.conf. Raises ConfigurationError with every problem, each at its line."""
    from configobj import ConfigObj, ConfigObjError

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        reason = e.strerror if isinstance(e, OSError) else "it is not UTF-8"
        problems = Problems()
        problems.error(Place(str(path)), f"the file cannot be read: {reason}")
        raise ConfigurationError(list(problems)) from None
    try:
        written = ConfigObj(text.splitlines(), interpolation=False, list_values=False, raise_errors=False)
    except ConfigObjError as e:
        problems = Problems()
        for error in vars(e)["errors"]:
            said = re.split(r" \(| at line |\.$", str(error))[0]
            place = Place(str(path), error.line_number, 1)
            problems.error(place, f"{said}: {error.line.strip()}", hint="write [section] or name = value")
        raise ConfigurationError(list(problems)) from None
    return _Reading(path, text).settings(written)


class _Reading:
    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._problems = Problems()

    def settings(self, written: Any) -> Settings:
        sections = typing.get_type_hints(Settings)
        values = {}
        for name in (*written.scalars, *written.sections):
            if name not in sections or name in written.scalars:
                what = "section" if name in written.sections else "setting outside a section"
                self._problems.error(
                    self._place("", name), f"unknown {what} `{name}`", hint=did_you_mean(name, sections)
                )
            else:
                values[name] = self._section(name, sections[name], written[name])
        if self._problems.errors:
            raise ConfigurationError(list(self._problems))
        return Settings(**values)

    def _section(self, section: str, struct: type[msgspec.Struct], written: Any) -> Any:
        hints = typing.get_type_hints(struct, include_extras=True)
        values = {}
        for name, text in written.items():
            if name not in hints:
                hint = did_you_mean(name, hints)
                self._problems.error(self._place(section, name), f"unknown setting `{name}`", path=section, hint=hint)
                continue
            try:
                values[name] = msgspec.convert(_unquoted(text), hints[name], strict=False)
            except msgspec.ValidationError as e:
                form = hints[name].__metadata__[0].extra["form"] or f"{str(e)[:1].lower()}{str(e)[1:]}"
                message = f"`{text}` does not fit: {form}"
                self._problems.error(self._place(section, name), message, path=f"{section}/{name}")
        return struct(**values)

    def _place(self, section: str, name: str) -> Place:
        current = ""
        for number, line in enumerate(self._text.splitlines(), 1):
            header = re.match(r"\s*\[\s*(.*?)\s*\]", line)
            if header:
                current = header[1]
            if (header and not section and current == name) or (
                current == section and re.match(rf"\s*['\"]?{re.escape(name)}['\"]?\s*=", line)
            ):
                return Place(str(self._path), number, len(line) - len(line.lstrip()) + 1)
        return Place(str(self._path))


def _unquoted(text: Any) -> Any:
    return text[1:-1] if isinstance(text, str) and re.fullmatch(r"'.*'|\".*\"", text) else text


def template(settings: Settings | None = None) -> str:
    """A server.conf with every setting and what it means; what has its default is commented out."""
    given = settings or Settings()
    lines = ["# Settings of this server. A change takes effect when the server is started again.", ""]
    for section, struct in typing.get_type_hints(Settings).items():
        lines += [f"[{section}]", f"# {struct.__doc__.splitlines()[0]}", ""]
        hints = typing.get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            meta = hints[field.name].__metadata__[0]
            unit = f" ({meta.extra['unit']})" if meta.extra["unit"] else ""
            value = getattr(getattr(given, section), field.name)
            mark = "#" if value == field.default else ""
            lines += [f"# {meta.description}{unit}", f"{mark}{field.name} = {value}", ""]
    return "\n".join(lines)
