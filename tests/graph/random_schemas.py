"""Random schemas, documents and data: all that an executor may meet, and much that it should not.

Made with a Random that Hypothesis seeds: to draw every choice with it takes ten times as long as what is tested.
"""

import asyncio
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Annotated, Any, Union
from zoneinfo import ZoneInfo

import strawberry
from graphql import Undefined

from graph.scalars import JSON, BigInt

SWITCHES = ("x", "y")  # Boolean variables of every document that uses them
MAX_TYPES = 4
MAX_DEPTH = 3  # of fragments within fragments


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = strawberry.enum_value("blue", name="AZURE")


LEAVES: dict[str, tuple[Any, list[Any]]] = {
    "text": (str, ["", "ü", "a\n"]),
    "id": (strawberry.ID, ["x", 7]),
    "int": (int, [0, -(2**31), 2**31 - 1, True, 3.0]),
    "float": (float, [0.5, -0.0, 1e300, 7]),
    "bool": (bool, [True, False]),
    "big": (BigInt, [0, -(2**63), 2**63 - 1]),
    "decimal": (Decimal, [Decimal("1E-7"), Decimal("-0.0"), Decimal("12.50")]),
    "time": (datetime, [datetime(2026, 3, 29, 2, 30, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 120, ZoneInfo("Asia/Kathmandu"))]),
    "zone": (ZoneInfo, [ZoneInfo("Europe/Berlin")]),
    "json": (JSON, [{"a": [1, None]}, [], "x", 0]),
    "colour": (Colour, [*Colour]),
}


@dataclass(frozen=True)
class Ref:
    """The type of a field: what is in it, and whether that, and each list around it, may be null."""

    of: str
    optional: bool
    lists: tuple[bool, ...]


@dataclass(frozen=True)
class Field:
    name: str
    ref: Ref
    kind: str  # plain, method, coroutine or argument


SHARED = Field("shared", Ref("int", True, ()), "plain")


@dataclass
class Types:
    """Object types by name, each of which refers to later ones only; an interface that some implement, a union of all."""

    objects: dict[str, list[Field]]
    implementing: list[str]
    classes: dict[str, Any] = field(default_factory=dict)

    def members(self, name: str) -> list[str]:
        """The objects that a value of this type can be."""
        return {"Shared": self.implementing, "Either": [*self.objects]}.get(name, [name])

    def named(self, name: str) -> str:
        """A union of one type is that type."""
        return "T0" if name == "Either" and len(self.objects) == 1 else name

    def query(self, roots: list[Field], world: Mapping[str, Any]) -> Any:
        """The class of a root whose fields give what is in the world."""
        self.classes["Shared"] = strawberry.interface(type("Shared", (), {"__annotations__": {"shared": int | None}}))
        for name in reversed(self.objects):
            bases = (self.classes["Shared"],) if name in self.implementing else ()
            self.classes[name] = strawberry.type(
                type(name, bases, self._body(self.objects[name], lambda own, it: own.__dict__[f"of {it}"]))
            )
        union = Union[tuple(self.classes[name] for name in self.objects)]  # noqa: UP007 - of as many as there are
        self.classes["Either"] = Annotated[union, strawberry.union("Either")] if len(self.objects) > 1 else self.classes["T0"]
        return strawberry.type(type("Query", (), self._body(roots, lambda _, it: world[it]())))

    def _body(self, fields: list[Field], value: Callable[[Any, str], Any]) -> dict[str, Any]:
        body: dict[str, Any] = {"__annotations__": {}}
        for each in fields:
            annotation = self._annotation(each.ref)
            if each.kind == "plain":
                body["__annotations__"][each.name] = annotation
            else:
                body[each.name] = strawberry.field(resolver=RESOLVERS[each.kind](each.name, annotation, value))
        return body

    def _annotation(self, ref: Ref) -> Any:
        found = LEAVES[ref.of][0] if ref.of in LEAVES else self.classes[ref.of]
        for optional, is_list in ((ref.optional, False), *((each, True) for each in ref.lists)):
            found = list[found] if is_list else found
            found = found | None if optional else found
        return found


def _method(name: str, annotation: Any, value: Callable[[Any, str], Any]) -> Callable[..., Any]:
    def method(self: Any) -> Any:
        return value(self, name)

    method.__annotations__["return"] = annotation
    return method


def _coroutine(name: str, annotation: Any, value: Callable[[Any, str], Any]) -> Callable[..., Any]:
    async def coroutine(self: Any) -> Any:
        await asyncio.sleep(0)
        return value(self, name)

    coroutine.__annotations__["return"] = annotation
    return coroutine


def _argument(name: str, annotation: Any, value: Callable[[Any, str], Any]) -> Callable[..., Any]:
    def with_argument(self: Any, n: int) -> Any:
        assert n == 1
        return value(self, name)

    with_argument.__annotations__["return"] = annotation
    return with_argument


RESOLVERS = {"method": _method, "coroutine": _coroutine, "argument": _argument}


def types(random: Random) -> Types:
    names = [f"T{i}" for i in range(random.randint(1, MAX_TYPES))]
    found = Types({}, [name for name in names if random.random() < 0.5])
    for i, name in enumerate(names):
        found.objects[name] = _fields(random, name.lower(), names[i + 1 :])
        if name in found.implementing:
            found.objects[name].append(SHARED)
    return found


def _fields(random: Random, prefix: str, others: list[str]) -> list[Field]:
    """A few, whose names no other type has: so that no two of a document are in each other's way."""
    found = []
    for i in range(random.randint(1, 5)):
        of = random.choice([*others, *LEAVES] if random.random() < 0.5 else [*others, *LEAVES][:2])
        ref = Ref(of, random.random() < 0.5, random.choice([(), (), (False,), (True,), (False, True)]))
        plain = 2 if ref.of in others and not ref.lists else 8  # resolvers below each other are a plan's own affair
        found.append(Field(prefix + "abcde"[i], ref, random.choice(["plain"] * plain + [*RESOLVERS])))
    return found


def roots(random: Random, types: Types) -> list[Field]:
    """Fields of the root: lists of objects, of what implements the interface, of the union."""
    names = [*types.objects, *types.objects, "Either", *(["Shared"] if types.implementing else [])]
    found = []
    for i in range(random.randint(1, 3)):
        ref = Ref(random.choice(names), random.random() < 0.5, random.choice([(False,), (True,), (), (True, False)]))
        found.append(Field("root" + "abc"[i], ref, random.choice(["method", "coroutine"])))
    return found


Recipe = Callable[[], Any]
"""Makes a value, another one each time: a generator gives its items once."""


def value(random: Random, types: Types, ref: Ref, oddity: float) -> Recipe:
    """What a field of that type gives; with the probability `oddity`, what it should not be."""
    if random.random() < oddity:
        return _odd(random, types, ref, oddity)
    if ref.lists:
        *inner, optional = ref.lists
        if optional and random.random() < 0.3:
            return _null
        recipes = [value(random, types, Ref(ref.of, ref.optional, tuple(inner)), oddity) for _ in range(random.randint(0, 4))]
        return lambda: [recipe() for recipe in recipes]
    if ref.optional and random.random() < 0.3:
        return _null
    if ref.of in LEAVES:
        leaf = random.choice(LEAVES[ref.of][1])
        return lambda: leaf
    return _object(random, types, random.choice(types.members(ref.of)), oddity)


def _odd(random: Random, types: Types, ref: Ref, oddity: float) -> Recipe:
    kind = random.choice([*SIMPLE, "awaitable", "iterable", "other", "stranger"])
    if kind in SIMPLE:
        return SIMPLE[kind]
    if kind == "awaitable":
        inner = value(random, types, ref, oddity)
        return lambda: Awaitable(inner())
    if kind == "iterable" and ref.lists:
        make, items = random.choice([tuple, Once]), value(random, types, Ref(ref.of, ref.optional, (*ref.lists[:-1], False)), 0)
        return lambda: make(items())
    if kind == "other":
        other = random.choice([2**80, -1, 0.5, float("nan"), float("inf"), "text", "RED", b"bytes", True, Decimal("NaN"), [], {}])
        return lambda: other
    if kind == "stranger" and ref.of not in LEAVES:  # has all that such an object has, and is not of its class
        return _object(random, types, random.choice(types.members(ref.of)), oddity, of_its_class=False)
    return _null


def _object(random: Random, types: Types, name: str, oddity: float, *, of_its_class: bool = True) -> Recipe:
    recipes = {
        each.name if each.kind == "plain" else f"of {each.name}": value(random, types, each.ref, oddity) for each in types.objects[name]
    }
    if random.random() < oddity:
        recipes.popitem()  # an attribute that is not there

    def make() -> Any:
        cls = types.classes[name] if of_its_class else Stranger
        found = cls.__new__(cls)
        found.__dict__ |= {field: recipe() for field, recipe in recipes.items()}
        return found

    return make


class Nameless:
    """Whatever writes it down does not write its address."""

    def __repr__(self) -> str:
        return type(self).__name__


class Stranger(Nameless):
    pass


class Once(Nameless):
    """Gives its items once."""

    def __init__(self, items: list[Any]) -> None:
        self.items = iter(items)

    def __iter__(self) -> Iterator[Any]:
        return self.items


class Awaitable(Nameless):
    """Something to wait for, as often as one likes."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self.value


def _null() -> None:
    return None


SIMPLE: dict[str, Recipe] = {"null": _null, "error": lambda: ValueError("boom"), "undefined": lambda: Undefined}


def document(random: Random, types: Types, roots: list[Field]) -> str:
    """Of all fields of the root: aliases, fragments, types of the interface and the union, and what switches parts off."""
    fragments: dict[str, str] = {}
    given = random.choice(["(n: 1)", "(n: $n)"])  # the same everywhere: what has one name is asked for in one way

    def selection(name: str, depth: int) -> str:
        fields = types.objects.get(name) or ([SHARED] if name == "Shared" else [])
        parts = [random.choice(["kind: __typename", "__typename"])]
        for each in random.choices(fields, k=random.randint(0, 5)) if fields else []:
            alias = random.choice(["", f"a_{each.name}: ", f"b_{each.name}: "])
            arguments = given if each.kind == "argument" else ""
            parts.append(f"{alias}{each.name}{arguments}{directive()}{below(each.ref, depth)}")
        for _ in range(random.choice([0, 0, 1, 2]) if depth < MAX_DEPTH else 0):
            condition = random.choice([name, *types.members(name)])
            inner = selection(condition, depth + 1)
            if random.random() < 0.5:
                fragment = f"F{len(fragments)}"
                fragments[fragment] = f"on {condition} {inner}"
                parts.append(f"...{fragment}{directive()}")
            else:
                on = "" if condition == name and random.random() < 0.5 else f" on {condition}"
                parts.append(f"...{on}{directive()} {inner}")
        return "{" + " ".join(parts) + "}"

    def below(ref: Ref, depth: int) -> str:
        return "" if ref.of in LEAVES else " " + selection(types.named(ref.of), depth + 1)

    def directive() -> str:
        return random.choice([""] * 6 + [" @skip(if: $x)", " @include(if: $x)", " @include(if: $y)", " @skip(if: false)"])

    parts = [f"{each.name}{directive()}{below(each.ref, 0)}" for each in roots]
    spread = "".join(f"\nfragment {name} {text}" for name, text in fragments.items())
    selected = " ".join(parts) + spread
    variables = ", ".join([f"${name}: Boolean!" for name in SWITCHES if f"${name})" in selected] + ["$n: Int! = 1"] * ("$n)" in selected))
    return f"query {f'({variables}) ' if variables else ''}{{ {' '.join(parts)} }}{spread}"
