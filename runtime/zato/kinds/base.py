"""What every kind of object shares: how its fields are declared and what its live handle can do."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

import msgspec

from zato.kinds.words import number_of

if TYPE_CHECKING:
    from zato.kinds.scheduler.scheduler import Scheduler

Category = Literal["", "dns", "refused", "tls", "auth", "timeout", "status", "blocked", "other"]


def about(
    text: str,
    *,
    unit: str = "",
    ref: str = "",
    secret: bool = False,
    also: Mapping[str, str] | None = None,
    spelled: Mapping[Any, Any] | None = None,
    form: str = "",
    lines: bool = False,
    pending: str = "",
    inert: bool = False,
    was: str = "",
    **bounds: Any,
) -> msgspec.Meta:
    """Describe a field where it is declared; everything else about it is generated from here.

    `unit` is shown after numbers. `ref` names the section whose object the value names. A `secret` is encrypted at
    rest and never shown. `also` are other spellings of the field, each with the versions of Zato that wrote it, "" for
    none; `spelled` are other spellings of its values (what is written → what it means). `form` says in words what
    `pattern` asks for. A text of `lines` may be written as a list. `pending` says that the field is kept but has no
    effect yet, `inert` that nothing that runs depends on it. `was` is the default of Zato where it was another one.
    `bounds` are msgspec's (`ge`, `le`, `pattern` …).
    """
    facts = {
        "unit": unit,
        "ref": ref,
        "secret": secret,
        "also": dict(also or {}),
        "spelled": dict(spelled or {}),
        "form": form,
        "lines": lines,
        "pending": pending,
        "inert": inert,
        "was": was,
    }
    if bounds.get("pattern", "").endswith("$"):
        bounds["pattern"] += r"(?!\n)"  # in Python, unlike in JSON Schema, `$` matches before a last line break too
    schema = {"x-unit": unit, "x-ref": ref, "writeOnly": secret}
    return msgspec.Meta(
        description=text, extra=facts, extra_json_schema={k: v for k, v in schema.items() if v}, **bounds
    )


NO_SECURITY = {"zato-no-security": None, "ZATO_NONE": None, "none": None, "": None}
"""The ways to say "no security" (reference: enmasse, section 8)."""

Name = typing.Annotated[
    str,
    about(
        "Identity of the object within its section.",
        min_length=1,
        max_length=200,
        form="it has no control or invisible characters",
        pattern=r"^[^\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+$",
    ),
]


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with an object though each of its fields is sound."""

    field: str
    """Where it is told; "" for the object as a whole."""
    message: str
    hint: str = ""
    known: Iterable[str] = ()
    """What the value may have been meant to be; the nearest one is suggested in place of the hint."""
    is_warning: bool = False


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One kind of object: its fields and, in the subclass's own file, its behaviour."""

    section: ClassVar[str] = ""
    """Canonical name of the section that holds objects of this kind."""
    also_section: ClassVar[tuple[str, ...]] = ()
    """Other spellings of the section."""
    also_type: ClassVar[tuple[str, ...]] = ()
    """Other spellings of the `type` that tells this kind from others of its section."""
    implied: ClassVar[Mapping[str, str]] = {}
    """Fields of Zato's files that say once more what the section says, each with the one value that it may have."""
    pending: ClassVar[str] = ""
    """What objects of this kind, which are kept but have no effect yet, mean for those who name them."""
    inbound: ClassVar[bool] = False
    """Whether its live handle takes work in by itself, so that it is started after a switch and stopped at the next."""
    dropped: ClassVar[Mapping[str, str]] = {}
    """Fields of Zato's files that mean nothing here, each with the reason; "" drops it without a word."""
    said_by: ClassVar[Mapping[str, str]] = {}
    """Dropped fields that say by a number, or by a type, what must be said by name → the field that says it."""
    refused_values: ClassVar[Mapping[tuple[str, str], str]] = {}
    """Values of dropped fields that must not be ignored, by field and value, each with the reason."""
    refused: ClassVar[Mapping[str, str]] = {}
    """Fields of Zato's files that must not be ignored when they are set, each with the reason."""

    name: Name
    is_active: typing.Annotated[bool, about("An inactive object is kept but not used.")] = True
    protected: typing.Annotated[bool, about("Whether `--prune` must not delete it.", inert=True)] = False

    @classmethod
    def label(cls) -> str:
        """What objects of this kind are called in messages."""
        tag = cls.__struct_config__.tag
        return f"`{cls.section}`" if tag is None else f"`{cls.section}` of type `{tag}`"

    def open(self, opening: Opening) -> Handle | None:
        """Open the live handle of this object, or return None for a kind that is configuration only."""
        return None

    def when_added(self) -> str:
        """What it means for traffic that this object is there, or active, from now on; "" for nothing."""
        return ""

    def when_changed(self, before: Self) -> str:
        """What it means for traffic that this active object replaces another version of it; "" for nothing."""
        return ""

    def when_removed(self) -> str:
        """What it means for traffic that this object is not there, or not active, any more; "" for nothing."""
        return ""

    @classmethod
    def when_renewed(cls, names: Sequence[str]) -> str:
        """What it means for these active objects that something they are made with changes; "" for nothing."""
        return number_of(
            len(names), f"object of `{cls.section}` depends on this", f"objects of `{cls.section}` depend on this"
        )

    def missing_secret(self) -> str | None:
        """Name the secret field that this object cannot work without and does not have."""
        return None

    def mistakes(self) -> Iterable[Mistake]:
        """What is wrong with this object though each of its fields is sound."""
        return ()

    def __repr__(self) -> str:
        shown = (
            f"{name}={'***' if field.secret and getattr(self, name) else repr(getattr(self, name))}"
            for name, field in fields_of(type(self)).items()
        )
        return f"{type(self).__name__}({', '.join(shown)})"


class Field(msgspec.Struct, frozen=True):
    """The facts about one field of a kind, read off its declaration."""

    name: str
    description: str
    type: type
    """What a value is, None apart: str, int, float, bool, list or dict."""
    default: Any
    required: bool
    unit: str = ""
    ref: str = ""
    secret: bool = False
    also: Mapping[str, str] = types.MappingProxyType({})
    spelled: Mapping[Any, Any] = types.MappingProxyType({})
    form: str = ""
    lines: bool = False
    pending: str = ""
    inert: bool = False
    was: str = ""


@cache
def fields_of(kind: type[Kind]) -> dict[str, Field]:
    """The fields of a kind by canonical name, in the order of declaration."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {f.name: _field(f, hints[f.name]) for f in msgspec.structs.fields(kind)}


@cache
def secret_fields(kind: type[Kind]) -> tuple[str, ...]:
    """Names of the fields of a kind that hold secrets."""
    return tuple(field.name for field in fields_of(kind).values() if field.secret)


@cache
def references(kind: type[Kind]) -> tuple[Field, ...]:
    """The fields of a kind that name objects of other sections."""
    return tuple(field for field in fields_of(kind).values() if field.ref)


def referred(thing: Kind) -> list[tuple[str, str]]:
    """The objects that an object refers to: section and name of each."""
    found: list[tuple[str, str]] = []
    for field in references(type(thing)):
        names = getattr(thing, field.name)
        found.extend((field.ref, name) for name in ((names,) if isinstance(names, str) else names or ()))
    return found


def same_effect(one: Kind | None, other: Kind | None) -> bool:
    """Whether two versions of an object differ, if at all, in nothing that what runs depends on."""
    if one is None or other is None or type(one) is not type(other):
        return one is other
    return one == other or _effective(one) == _effective(other)


def _effective(thing: Kind) -> Kind:
    return msgspec.structs.replace(thing, **_inert_fields(type(thing)))


@cache
def _inert_fields(kind: type[Kind]) -> Mapping[str, Any]:
    return {
        field.name: field.default
        for field in fields_of(kind).values()
        if (field.inert or field.pending) and not field.required
    }


def _field(field: msgspec.structs.FieldInfo, hint: Any) -> Field:
    described = (hint, *typing.get_args(hint))  # Annotated[X, about(...)] or Annotated[X, about(...)] | None
    meta = next((m for h in described for m in getattr(h, "__metadata__", ())), msgspec.Meta())
    default = field.default
    if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        default = typing.cast("Callable[[], Any]", field.default_factory)()
    required = default is msgspec.NODEFAULT
    return Field(
        name=field.name,
        description=meta.description or "",
        type=_plain_type(hint),
        default=None if required else default,
        required=required,
        **(meta.extra or {}),
    )


def _plain_type(hint: Any) -> type:
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return _plain_type(typing.get_args(hint)[0])
    if origin in {typing.Union, types.UnionType}:
        return next(_plain_type(arg) for arg in typing.get_args(hint) if arg is not type(None))
    if origin is typing.Literal:
        return type(typing.get_args(hint)[0])
    plain = origin or hint
    if plain is tuple:
        return list
    return dict if isinstance(plain, type) and issubclass(plain, msgspec.Struct) else typing.cast("type", plain)


class Ping(msgspec.Struct, frozen=True):
    """What a ping found out."""

    ok: bool
    address: str
    latency: float
    """Seconds from the first byte sent to the answer, or to the failure."""
    detail: str
    """The answer, or what is wrong and what to do: one line, no secret."""
    category: Category = ""
    """Category of the failure; "" when it did not fail."""


class Handle(Protocol):
    """A live object: what `Kind.open` returns."""

    def close(self) -> None:
        """Let go of what the handle holds: work in flight finishes first. Never raises."""
        ...


class ConnectionHandle(Handle, Protocol):
    """A live object with another side: what `zato ping` asks."""

    def ping(self) -> Ping:
        """Ask the other side whether it answers. Never raises."""
        ...


class InboundHandle(Handle, Protocol):
    """A live object that takes work in by itself, such as a consumer."""

    def start(self) -> None:
        """Begin to take work. Called once the world that the handle belongs to is the current one."""
        ...


class SecurityHandle(Handle, Protocol):
    """A live security definition. One that serves a single direction refuses the other: Unsupported."""

    @property
    def definition(self) -> Kind:
        """What it was made of."""
        ...

    @property
    def challenge(self) -> str:
        """Value of the WWW-Authenticate header of a 401 answer, or ""."""
        ...

    def authenticate(self, environ: Mapping[str, Any]) -> bool:
        """Whether the WSGI environ of a request satisfies the definition. Never raises; compares in constant time."""
        ...

    def sign(self, headers: MutableMapping[str, str]) -> None:
        """Put the definition's credentials into the headers of an outgoing request."""
        ...


class Opening(Protocol):
    """What a kind's `open` may ask of the world that is being prepared."""

    server_name: str

    @property
    def scheduler(self) -> Scheduler | None:
        """What runs the jobs of this process; None where nothing takes work in."""
        ...

    def object(self, section: str, name: str) -> Kind:
        """The object that a reference names; validation has made sure that it exists."""
        ...

    def handle(self, section: str, name: str) -> Handle:
        """The open handle of an object that a reference names.

        Raises Inactive where that object is inactive, and NotUsableYet where its kind is pending.
        """
        ...

    def invoke(self, service: str, payload: Any, *, channel: Kind, channel_type: str, extra: Mapping[str, Any]) -> Any:
        """Run a service for a message of an inbound channel and return the response's payload.

        `extra` becomes attributes of `self.request`, as in `{"amqp": AMQPMessage(...)}`. Raises what it raises.
        """
        ...
