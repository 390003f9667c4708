"""The first half of the configuration chain in one call: files in, typed objects and every problem out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from zato.config.document import Document
from zato.config.merge import merge
from zato.config.normalise import normalise
from zato.config.problems import Problems
from zato.config.read import read
from zato.config.snapshot import Key, Snapshot
from zato.config.validate import Valid, validate
from zato.errors import ConfigurationError
from zato.kinds.base import Kind


class Wanted(msgspec.Struct, eq=False):
    """What configuration files ask for."""

    valid: list[Valid]
    sections: set[str]
    documents: list[Document]
    problems: Problems

    @property
    def objects(self) -> list[Kind]:
        """The typed objects."""
        return [item.object for item in self.valid]

    @property
    def variables(self) -> dict[Key, dict[str, str]]:
        """Object → field → its text with `${NAME}` for the environment variables that it came from."""
        return {item.key: item.entry.variables for item in self.valid if item.entry.variables}

    def raise_errors(self, *, strict: bool = False) -> None:
        """Raise ConfigurationError with every problem if one of them stops an import; `strict`: warnings do too."""
        if self.problems.errors or (strict and self.problems.warnings):
            raise ConfigurationError(list(self.problems), self.documents)


def load(inputs: Iterable[str], environ: Mapping[str, str], existing: Snapshot | None = None) -> Wanted:
    """Read, merge, normalise and validate; `existing` is what the ODB holds, None where there is none to ask."""
    problems = Problems()
    documents, is_complete = read(inputs, environ, problems)
    merged = merge(documents, problems)
    entries = normalise(merged.objects, problems)
    valid = validate(entries, merged.named if is_complete else None, existing, problems)
    return Wanted(valid, merged.sections, documents, problems)
