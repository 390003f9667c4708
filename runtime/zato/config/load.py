"""The first half of the configuration chain in one call: files in, typed objects and every problem out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from zato.config.document import Document
from zato.config.merge import Part, merge
from zato.config.normalise import Entry, normalise
from zato.config.problems import Problems
from zato.config.prune import Scope, Unwanted, tell_dangling
from zato.config.read import read
from zato.config.snapshot import Key, Snapshot
from zato.config.validate import Valid, validate
from zato.errors import ConfigurationError
from zato.kinds.base import Kind


class Wanted(msgspec.Struct, eq=False):
    """What configuration files ask for."""

    valid: list[Valid]
    entries: list[Entry]
    """What the files hold in canonical spelling, faulty objects included."""
    sections: set[Part]
    """The sections that the files name, be it with an empty list."""
    unwanted: Unwanted
    """What is to be deleted because the files do not hold it any more, or only stays because it is protected."""
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


def load(
    inputs: Iterable[str],
    environ: Mapping[str, str],
    existing: Snapshot | None = None,
    prune: Scope | None = None,
    *,
    services: Collection[str] | None = None,
    ignore_unsupported: bool = False,
) -> Wanted:
    """Read, merge, normalise and validate; `existing` is what the ODB holds, None where there is none to ask.

    With `prune`, what the files no longer hold is deleted, as far as the scope goes. `services` are those that the
    server has deployed, None where there is none to ask. `ignore_unsupported` makes sections that only Zato has a
    warning, which are an error otherwise.
    """
    problems = Problems()
    documents, is_complete = read(inputs, environ, problems)
    merged = merge(documents, problems, ignore_unsupported=ignore_unsupported)
    entries = normalise(merged.objects, problems)
    unwanted = Unwanted()
    if prune is not None and existing is not None and is_complete:
        unwanted = prune.unwanted(existing, merged.sections, merged.named)
        gone = set(unwanted.gone)
        existing = existing.without(gone)
        tell_dangling(existing, gone, merged.named, problems)
    valid = validate(entries, merged.named if is_complete else None, existing, problems, services)
    return Wanted(valid, entries, merged.sections, unwanted, documents, problems)
