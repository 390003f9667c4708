"""Secrets at rest: encrypted with a key that is kept outside the ODB (reference: reliability, section 6, row 6)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from zato.errors import ODBError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Secrets:
    """Encrypts and decrypts with one key; the key file is read when it is first needed."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._fernet: Fernet | None = None

    @staticmethod
    def create_key(key_file: Path) -> None:
        """Write a new key, readable by its owner alone. Raises FileExistsError."""
        from cryptography.fernet import Fernet

        with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Fernet.generate_key() + b"\n")

    def encrypt(self, secret: str) -> str:
        """Raises ODBError if there is no usable key."""
        return self._box().encrypt(secret.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Raises ODBError if there is no usable key, or another one was used to encrypt."""
        from cryptography.fernet import InvalidToken

        try:
            return self._box().decrypt(token).decode()
        except InvalidToken:
            message = f"the key in {self._key_file} is not the one that the ODB's secrets were encrypted with"
            raise ODBError(f"{message}; put the right key file back") from None

    def _box(self) -> Fernet:
        if self._fernet is None:
            from cryptography.fernet import Fernet

            try:
                self._fernet = Fernet(self._key_file.read_bytes().strip())
            except OSError as e:
                raise ODBError(f"the key file {self._key_file} cannot be read: {e.strerror}") from None
            except ValueError:
                message = f"the key file {self._key_file} does not hold a key"
                raise ODBError(f"{message}; put the right key file back") from None
        return self._fernet
