"""Saved plans: what is to change, in a file that can be read, reviewed and carried out later. It holds no secret.

In place of each secret there is a keyed digest, so that the plan tells that one changes, and whoever carries it out can
tell whether the secret at hand is the one that was planned. A seal, made with the same key, tells whether the plan is
still what it was, and for this ODB.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from zato.config.plan import Owners, Plan, Step, plan, record
from zato.config.sections import SECTIONS
from zato.config.snapshot import Key, Snapshot
from zato.errors import PlanError
from zato.kinds.base import Kind, secret_fields
from zato.kinds.redact import redacted_value

Digest = Callable[..., str]
"""Makes the keyed digest of texts (zato.odb.secrets.Secrets.digest)."""


class SavedStep(msgspec.Struct, frozen=True):
    """One object that changes."""

    action: str
    section: str
    name: str
    owner: str
    object: dict[str, Any] | None
    """What is there afterwards, without secrets, and with stars in fields that hold some; None once it is deleted."""
    secrets: dict[str, str]
    """Field → keyed digest of the secret, or of the value with secrets in it, that it has afterwards."""
    variables: dict[str, str]
    """Field → its text with `${NAME}` for the environment variables that it came from."""
    told: dict[str, Any]
    """What people are shown: `zato.config.plan.record`, and the impact."""

    @property
    def key(self) -> Key:
        """Identity of the object."""
        return self.section, self.name


class SavedPlan(msgspec.Struct, frozen=True):
    """A plan, and the revision that it was made for."""

    format_version: int
    revision: int
    """The revision that was the current one; no other one can be changed by the plan."""
    source: dict[str, Any]
    """The files that it was made of, as the history will tell them."""
    steps: tuple[SavedStep, ...]
    unchanged: int
    seal: str = ""


FORMAT = 1


def save(
    planned: Plan,
    revision: int,
    digest: Digest,
    *,
    variables: Mapping[Key, dict[str, str]],
    source: Mapping[str, Any],
    impacts: Mapping[Key, Iterable[str]],
) -> str:
    """Write a plan that was made for a revision."""
    steps = tuple(_saved(step, digest, variables.get(step.key, {}), impacts[step.key]) for step in planned.steps)
    unsealed = SavedPlan(FORMAT, revision, dict(source), steps, planned.unchanged)
    sealed = msgspec.structs.replace(unsealed, seal=_seal(unsealed, digest))
    return msgspec.json.format(msgspec.json.encode(sealed), indent=2).decode() + "\n"


def _saved(step: Step, digest: Digest, variables: dict[str, str], impact: Iterable[str]) -> SavedStep:
    told = {**record(step), "impact": list(impact)}
    if step.object is None:
        return SavedStep(step.action, *step.key, step.owner, None, {}, {}, told)
    own = secret_fields(type(step.object))
    fields = msgspec.structs.asdict(step.object)
    hidden = {
        field: None if field in own else redacted_value(value)
        for field, value in fields.items()
        if value is not None and field != "name" and (field in own or redacted_value(value) != value)
    }
    secrets = {field: digest(*step.key, field, _text(fields[field])) for field in hidden}
    plain = msgspec.to_builtins(msgspec.structs.replace(step.object, **hidden))
    return SavedStep(step.action, *step.key, step.owner, plain, secrets, variables, told)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()


def _seal(unsealed: SavedPlan, digest: Digest) -> str:
    return digest("seal of a plan", msgspec.json.encode(unsealed, order="sorted").decode())


def read(content: bytes, digest: Digest) -> SavedPlan:
    """Read a saved plan. Raises PlanError if it is none, is not what it was, or was made with another key."""
    try:
        saved = msgspec.json.decode(content, type=SavedPlan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PlanError(f"this is not a saved plan: {e}") from None
    if saved.format_version > FORMAT:
        raise PlanError(f"the plan has format {saved.format_version} and this version knows formats up to {FORMAT}")
    try:
        seal = _seal(msgspec.structs.replace(saved, seal=""), digest)
    except (OverflowError, RecursionError) as e:
        raise PlanError(f"this is not a saved plan: {e}") from None
    if not _is_same(saved.seal, seal):
        raise PlanError("the plan was made for another server, or was changed since; make a new one")
    return saved


def restore(saved: SavedPlan, now: Snapshot, owners: Mapping[Key, str], given: Snapshot, digest: Digest) -> Plan:
    """The plan that was saved, with secrets of the ODB, or of `given` where they change. Raises PlanError."""
    objects, missing = [], []
    for step in saved.steps:
        if step.object is not None:
            secrets = {field: _secret(step, field, (now, given), digest) for field in step.secrets}
            missing += [
                f"the {field} of {step.section}/{step.name}" for field, value in secrets.items() if value is None
            ]
            kinds = SECTIONS[step.section]
            kind = kinds.kinds[step.object["type"] if kinds.typed else None]
            objects.append(msgspec.structs.replace(msgspec.convert(step.object, kind), **secrets))
    if missing:
        message = f"{', '.join(missing)} changes, and what is at hand is not what was planned"
        raise PlanError(f"{message}; add the --input, and the variables, that the plan was made of")
    gone = [step.key for step in saved.steps if step.object is None]
    restored = plan(now, objects, gone, Owners(owners, {step.key: step.owner for step in saved.steps}))
    return msgspec.structs.replace(restored, unchanged=saved.unchanged)


def _secret(step: SavedStep, field: str, places: Iterable[Snapshot], digest: Digest) -> Any:
    for snapshot in places:
        value = getattr(_found(snapshot, step), field, None)
        if value is not None and _is_same(digest(*step.key, field, _text(value)), step.secrets[field]):
            return value
    return None


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _found(snapshot: Snapshot, step: SavedStep) -> Kind | None:
    return snapshot.get(*step.key)
