"""One cached step from a document's text to something that can be executed: parsing, limits, validation.

The same text gives the same outcome, so it is worked out once; what depends on variables has no place here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    StringValueNode,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graph.document_size import sizes_of_operations
from graph.errors import VALIDATION_FAILED, BadInputError, LimitError

CACHED_DOCUMENTS = 128  # a document at its limits is a tree of 1 MB
MAX_VALIDATION_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be. A fragment counts wherever it is spread."""

    characters: int = 16_384
    tokens: int = 2_000
    depth: int = 12  # fields within fields, edges and nodes among them
    aliases: int = 30
    directives: int = 20
    fields: int = 400
    root_fields: int = 10


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document within the limits, with what validation found wrong in it."""

    document: DocumentNode
    operations: int
    errors: tuple[GraphQLError, ...]


PrepareOnce = Callable[[GraphQLSchema, str, bool], Prepared]
"""From a document's text, and whether introspection is allowed. Raises what `prepare` does."""


class Prepare(SchemaExtension):
    """Gives Strawberry the prepared document, in place of its own parsing and validation.

    The operation's context says whether introspection is allowed.
    """

    def __init__(self, prepare: PrepareOnce) -> None:
        self._prepare = prepare
        self._errors: tuple[GraphQLError, ...] = ()

    def on_parse(self) -> Iterator[None]:
        operation = self.execution_context
        if operation.query:  # without one, Strawberry says so
            schema = operation.schema._schema  # noqa: SLF001 - Strawberry has no public name for it
            prepared = self._prepare(schema, operation.query, operation.context.introspection)
            if prepared.operations > 1 and operation._provided_operation_name is None:  # noqa: SLF001 - nor for this
                raise GraphQLError(  # Strawberry would execute the first one
                    f"The document has {prepared.operations} operations: name the one to execute in operationName.",
                    extensions={"code": VALIDATION_FAILED},
                )
            operation.graphql_document = prepared.document
            self._errors = prepared.errors
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.validation_rules = ()
        self.execution_context.pre_execution_errors = [*self._errors] or None
        yield


def preparing(limits: Limits = Limits(), cached_documents: int = CACHED_DOCUMENTS) -> Callable[[], Prepare]:
    """The extension of a schema, with a cache of its own."""
    cached = prepare_once(limits, cached_documents)
    return lambda: Prepare(cached)


def prepare_once(limits: Limits = Limits(), cached_documents: int = CACHED_DOCUMENTS) -> PrepareOnce:
    """`prepare`, which keeps what it was asked for."""

    @lru_cache(cached_documents)
    def cached(schema: GraphQLSchema, text: str, introspection: bool) -> Prepared:
        return prepare(schema, text, introspection, limits)

    return cached


def prepare(schema: GraphQLSchema, text: str, introspection: bool, limits: Limits) -> Prepared:
    """Raises GraphQLSyntaxError, or LimitError for the first limit that is passed."""
    document = _parse(text, limits)
    try:
        sizes = sizes_of_operations(document)
    except RecursionError:
        raise _too_many("depth", limits.depth) from None
    for size in sizes:
        for limit, number in size._asdict().items():
            if number > (most := getattr(limits, limit)):
                raise _too_many(limit, most)
    rules = RULES if introspection else (*RULES, NoSchemaIntrospectionCustomRule)
    errors = validate(schema, document, rules, max_errors=MAX_VALIDATION_ERRORS, hide_suggestions=not introspection)
    for error in errors:
        error.extensions = {"code": VALIDATION_FAILED, **(error.extensions or {})}
    return Prepared(document, len(sizes), tuple(errors))


class NoNulRule(ASTValidationRule):
    """Postgres cannot hold a NUL character, so no argument has one."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\0" in node.value:
            message = "A string holds a NUL character: leave it out."
            self.report_error(GraphQLError(message, node, extensions={"code": BadInputError.code}))


RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, NoNulRule)


def _parse(text: str, limits: Limits) -> DocumentNode:
    if len(text) > limits.characters:
        raise _too_many("characters", limits.characters)
    try:
        return parse(text, max_tokens=limits.tokens)
    except GraphQLSyntaxError as error:
        if f"more than {limits.tokens} tokens" in error.message:
            raise _too_many("tokens", limits.tokens) from None
        raise


def _too_many(limit: str, most: int) -> LimitError:
    what = "levels" if limit == "depth" else limit.replace("_", " ")
    message = f"The document has more than {most:,} {what}: ask for less, or in several requests."
    return LimitError(limit.upper(), message)
