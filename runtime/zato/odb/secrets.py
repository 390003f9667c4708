"""Secrets at rest: encrypted with a key that is kept outside the ODB (reference: reliability, section 6, row 6)."""

from __future__ import annotations

import base64
import hmac
import os
from pathlib import Path
from typing import TYPE_CHECKING

from zato.errors import ODBError, OtherKey

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

LOST_KEY = (
    "put the key file back from your copy of it; without the key the secrets in the ODB are lost: "
    "make a new server with `zato quickstart create` and import your files into it"
)
"""What to do where there is no key file."""
KEY_BYTES = 32
"""Of a Fernet key, which is written in Base64."""


class Secrets:
    """Encrypts and decrypts with one key; the key file is read when it is first needed."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._fernet: Fernet | None = None

    @staticmethod
    def create_key(key_file: Path) -> None:
        """Write a new key, readable by its owner alone. Raises FileExistsError."""
        from cryptography.fernet import Fernet

        _write(key_file, Fernet.generate_key())

    def copy_key(self, to: Path) -> None:
        """Write the same key to another file. Raises ODBError if there is no usable key, FileExistsError."""
        _write(to, self._key(if_missing=""))

    def encrypt(self, secret: str) -> str:
        """Raises ODBError if there is no usable key."""
        return self._box().encrypt(secret.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Raises ODBError if there is no usable key, OtherKey if another one was used to encrypt."""
        from cryptography.fernet import InvalidToken

        try:
            return self._box().decrypt(token).decode()
        except InvalidToken:
            raise self.other_key() from None

    @property
    def fingerprint(self) -> str:
        """Tells keys apart, and nobody who knows it can tell the key. Raises ODBError if there is no usable key."""
        return hmac.digest(self._key(), b"fingerprint of the key of an ODB", "sha256").hex()

    def digest(self, *parts: str) -> str:
        """Tells texts apart, for those who have the key alone; of a secret, put what it belongs to in front of it.

        Raises ODBError if there is no usable key.
        """
        key = hmac.digest(self._key(), b"digests of an ODB", "sha256")
        written = b"".join(len(part := text.encode()).to_bytes(8) + part for text in parts)
        return hmac.digest(key, written, "sha256").hex()

    def other_key(self) -> OtherKey:
        """The error for an ODB that has another key."""
        message = f"the key in {self._key_file} is not the one that the ODB's secrets were encrypted with"
        return OtherKey(f"{message}; put the right key file back")

    def _box(self) -> Fernet:
        if self._fernet is None:
            from cryptography.fernet import Fernet

            self._fernet = Fernet(self._key())
        return self._fernet

    def _key(self, if_missing: str = f"; {LOST_KEY}") -> bytes:
        try:
            key = self._key_file.read_bytes().strip()
            is_key = len(base64.urlsafe_b64decode(key)) == KEY_BYTES
        except OSError as e:
            way_out = if_missing if isinstance(e, FileNotFoundError) else ""
            raise ODBError(f"the key file {self._key_file} cannot be read: {e.strerror}{way_out}") from None
        except ValueError:
            is_key = False
        if not is_key:
            raise ODBError(f"the key file {self._key_file} does not hold a key; put the right key file back")
        return key


def _write(key_file: Path, key: bytes) -> None:
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key + b"\n")
