"""Server directories: what is where, how one is made, and how one is found (reference: service-api, section 5.3)."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from urllib.parse import quote

import msgspec

from zato.errors import OtherKey, ServerDirectoryError
from zato.server.settings import Main, Settings, read, template

MARK = ".zato-info"
VARIABLE = "ZATO_SERVER_DIR"


class ServerDirectory:
    """The directory of one server."""

    def __init__(self, path: Path) -> None:
        """Raises ServerDirectoryError if it is no server directory."""
        self.path = path.resolve()
        mark = self.path / MARK
        if not self.path.is_dir():
            raise ServerDirectoryError(f"there is no directory {path}; make a server with `zato quickstart create`")
        try:
            component = msgspec.json.decode(mark.read_bytes())["component"]
        except OSError:
            message = f"{path} is not a server directory: it has no {MARK}"
            raise ServerDirectoryError(f"{message}; make a server with `zato quickstart create`") from None
        except (msgspec.DecodeError, KeyError, TypeError):
            raise ServerDirectoryError(f"{mark} is not what `zato quickstart create` wrote") from None
        if component != "SERVER":
            raise ServerDirectoryError(f"{path} is the directory of another component, {component}")

    @property
    def name(self) -> str:
        """Name of the server."""
        return self.path.name

    @property
    def config(self) -> Path:
        """server.conf."""
        return self.path / "config" / "repo" / "server.conf"

    @property
    def user_config(self) -> tuple[Path, ...]:
        """Directories of user configuration (reference: service-api, sections 0 and 1.9)."""
        listed = [os.environ.get(name, "") for name in ("Zato_User_Conf_Dir", "ZATO_USER_CONF_DIR")]
        more = (Path(part) for value in listed for part in value.split(os.pathsep) if part)
        own = (self.path / "config" / "repo" / "user-conf", self.path / "pickup" / "incoming" / "user-conf")
        return (*own, *more)

    @property
    def pickup(self) -> Path:
        """Where services are put to be deployed."""
        return self.path / "pickup" / "incoming" / "services"

    @property
    def logs(self) -> Path:
        """Where logs are written."""
        return self.path / "logs"

    @property
    def pidfile(self) -> Path:
        """Holds the process ID, and is locked, while the server runs."""
        return self.path / "pidfile"

    @property
    def key_file(self) -> Path:
        """The key that secrets in the ODB are encrypted with."""
        return self.path / "config" / "secret.key"

    def check_key_file(self) -> None:
        """Raises ServerDirectoryError where there is no key file, or others may read it."""
        from zato.odb.secrets import LOST_KEY

        try:
            mode = self.key_file.stat().st_mode
        except FileNotFoundError as e:
            message = f"the key file {self.key_file} cannot be read: {e.strerror}; {LOST_KEY}"
            raise ServerDirectoryError(message) from None
        except OSError as e:
            raise ServerDirectoryError(f"the key file {self.key_file} cannot be read: {e.strerror}") from None
        if mode & 0o077:
            raise ServerDirectoryError(f"the key file {self.key_file} is open to others; run `chmod 600` on it")

    def settings(self) -> Settings:
        """What server.conf says. Raises ConfigurationError."""
        return read(self.config)

    def odb(self, main: Main) -> Path | str:
        """The ODB's file, or the URL of its database. Raises ServerDirectoryError.

        In a URL, the value of a variable is a part of its own: whatever is special in a password is encoded. A URL
        that is one variable is taken as it is.
        """
        whole = _VARIABLE.fullmatch(main.odb)
        text = self._variable(whole) if whole else main.odb
        if text.startswith(_POSTGRESQL):
            return _VARIABLE.sub(lambda match: quote(self._variable(match), safe=""), text)
        if "://" in text:
            scheme = text.partition("://")[0]
            message = f"`odb` in {self.config}: there is no ODB of the kind {scheme}://"
            raise ServerDirectoryError(f"{message}; write a file's name, or postgresql://USER@HOST:PORT/DATABASE")
        return self.path / _VARIABLE.sub(self._variable, text)

    def _variable(self, match: re.Match[str]) -> str:
        value = os.environ.get(match[1])
        if value is None:
            raise ServerDirectoryError(f"`odb` in {self.config}: the environment variable `{match[1]}` is not set")
        return value

    @classmethod
    def create(cls, path: Path, main: Main | None = None, key_file: Path | None = None) -> ServerDirectory:
        """Make the directory of a new server, and its ODB unless it exists. On an error nothing is left behind.

        The key is that of `key_file`, else a new one. Raises ServerDirectoryError, ODBError, OSError.
        """
        path.mkdir(parents=True)
        try:
            return cls._fill(path, main or Main(), key_file)
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise

    @classmethod
    def _fill(cls, path: Path, main: Main, key_file: Path | None) -> ServerDirectory:
        from zato.odb.odb import ODB
        from zato.odb.secrets import Secrets

        mark = msgspec.json.encode({"version": 1, "component": "SERVER"})
        (path / MARK).write_bytes(mark + b"\n")
        made = cls(path)
        for directory in (made.config.parent, *made.user_config[:2], made.pickup, made.logs):
            directory.mkdir(parents=True, exist_ok=True)
        made.config.touch(0o600)  # the URL of an ODB may hold a password
        made.config.write_text(template(Settings(main=main)), encoding="utf-8")
        if key_file is None:
            Secrets.create_key(made.key_file)
        else:
            Secrets(key_file).copy_key(made.key_file)
        try:
            ODB(made.odb(main), Secrets(made.key_file), create=True).close()
        except OtherKey:
            if key_file is not None:
                raise OtherKey(f"the key in {key_file} is not the one of this ODB; nothing was made") from None
            message = "other servers have this ODB already, and their key is needed"
            raise OtherKey(f"{message}; add --key-file with the config/secret.key of one of them") from None
        return made


_POSTGRESQL = ("postgresql://", "postgres://")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def find(given: str | None) -> ServerDirectory:
    """The server directory that is meant: the one given, the one in ZATO_SERVER_DIR, or the one we are in.

    Raises ServerDirectoryError.
    """
    named = given or os.environ.get(VARIABLE)
    if named:
        return ServerDirectory(Path(named).expanduser())
    here = Path.cwd()
    for path in (here, *here.parents):
        if (path / MARK).is_file():
            return ServerDirectory(path)
    message = "which server? Neither this directory nor one above it is a server directory"
    raise ServerDirectoryError(f"{message}; name one as the argument, or in {VARIABLE}")
