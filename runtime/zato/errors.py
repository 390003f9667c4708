"""Every exception that this package raises by itself.

Exception
├── ZatoError                     anything that stops a command; its text is for people
│   ├── ConfigurationError        files with problems; carries all of them
│   ├── ODBError                  the operational database cannot be used
│   │   ├── NewerODB              written by a newer version of this package
│   │   └── OtherKey              its secrets are encrypted with another key
│   ├── PlanError                 a saved plan cannot be carried out
│   ├── ServerDirectoryError      not a server directory, or one that is not as it should be
│   ├── NotRunning                a running server is needed and there is none
│   ├── NotUsableYet              an object is of a kind that is kept but has no effect yet
│   └── SwitchError               a server could not take over a revision; everything is as it was before
└── zato.common.exception         what services raise and catch: HTTPException, Inactive, TimeoutException …
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zato.config.document import Document
    from zato.config.problems import Problem


class ZatoError(Exception):
    """Something that a person can act on: the message says what is wrong and what to do."""


class ConfigurationError(ZatoError):
    """The configuration files have problems; `problems` holds every one of them, `documents` what could be read."""

    def __init__(self, problems: Sequence[Problem], documents: Sequence[Document] = ()) -> None:
        self.problems = tuple(problems)
        self.documents = tuple(documents)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ODBError(ZatoError):
    """The operational database cannot be used."""


class NewerODB(ODBError):
    """The operational database was written by a newer version of this package."""


class OtherKey(ODBError):
    """The secrets of the operational database are encrypted with another key."""


class PlanError(ZatoError):
    """A saved plan cannot be carried out."""


class ServerDirectoryError(ZatoError):
    """A directory is no server directory, or not as it should be."""


class NotRunning(ZatoError):
    """A running server is needed and there is none."""


class NotUsableYet(ZatoError):
    """An object is of a kind that is kept but has no effect yet."""


class SwitchError(ZatoError):
    """A server could not take over a revision, so everything is as it was before."""
