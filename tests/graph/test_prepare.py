"""Documents are parsed, measured and validated once, and refused by name where they are too large."""

import pytest
from graphql import GraphQLError, GraphQLSyntaxError, build_schema, get_introspection_query

from graph.document_size import Size, sizes_of_operations
from graph.errors import LimitError
from graph.prepare import Limits, Prepared, prepare, preparing
from tests.graph.small_schema import SCHEMA

CORE = SCHEMA._schema
LIMITS = Limits()


def prepared(text: str, limits: Limits = LIMITS, *, introspection: bool = True) -> Prepared:
    return prepare(CORE, text, introspection, limits)


def deep(levels: int) -> str:
    """A document of so many fields within fields."""
    return "{ " + "deep { " + "deeper { " * (levels - 2) + "leaf" + " }" * levels


# ---------------------------------------------------------------- limits
AT_LIMIT_AND_PAST = {
    "CHARACTERS": ("{ hello }" + " " * (16_384 - 9), "{ hello }" + " " * (16_384 - 8), "16,384 characters"),
    "TOKENS": ("{ echo(value: [" + "1 " * 1991 + "]) }", "{ echo(value: [" + "1 " * 1992 + "]) }", "2,000 tokens"),
    "DEPTH": (deep(12), deep(13), "12 levels"),
    "ALIASES": (
        "{ deep { " + " ".join(f"a{i}: leaf" for i in range(30)) + "} }",
        "{ deep { " + " ".join(f"a{i}: leaf" for i in range(31)) + "} }",
        "30 aliases",
    ),
    "DIRECTIVES": (
        "{ deep { " + "leaf @include(if: true) " * 20 + "} }",
        "{ deep { " + "leaf @include(if: true) " * 21 + "} }",
        "20 directives",
    ),
    "FIELDS": ("{ deep { " + "leaf " * 399 + "} }", "{ deep { " + "leaf " * 400 + "} }", "400 fields"),
    "ROOT_FIELDS": ("{ " + "hello " * 10 + "}", "{ " + "hello " * 11 + "}", "10 root fields"),
}


@pytest.mark.parametrize("name", AT_LIMIT_AND_PAST)
def test_a_document_at_a_limit_is_taken_and_one_past_it_is_refused_by_name(name):
    at_limit, past, words = AT_LIMIT_AND_PAST[name]
    assert prepared(at_limit).errors == ()
    with pytest.raises(LimitError) as refused:
        prepared(past)
    assert refused.value.extensions == {"code": f"LIMIT_{name}"}
    assert refused.value.message == f"The document has more than {words}: ask for less, or in several requests."


def test_the_deepest_query_that_clients_need_is_taken():
    schema = build_schema("""
        type Query { account(id: ID): Account }
        type Account { routerUsage: RouterUsage }
        type RouterUsage { buckets: Buckets }
        type Buckets { edges: [BucketEdge] }
        type BucketEdge { node: Bucket }
        type Bucket { history: Requests }
        type Requests { edges: [RequestEdge] }
        type RequestEdge { node: Request }
        type Request { input: [UsageFactor] }
        type UsageFactor { category: String }
    """)
    text = """{ account(id: "a") { routerUsage { buckets { edges { node { history { edges { node { input { category } } } } } } } } } }"""
    assert prepare(schema, text, False, LIMITS).errors == ()
    assert sizes_of_operations(prepare(schema, text, False, LIMITS).document) == [Size(depth=10, fields=10, root_fields=1)]


def test_the_introspection_that_tools_send_is_taken():
    for text in (get_introspection_query(), get_introspection_query(True, True, True, True, True)):
        assert prepared(text).errors == ()


def test_every_operation_of_a_document_is_measured():
    with pytest.raises(LimitError, match="more than 12 levels"):
        prepared("query small { hello } query large " + deep(13))


# ---------------------------------------------------------------- sizes
def sizes(text: str) -> list[Size]:
    return sizes_of_operations(prepared(text, Limits(fields=10**9, aliases=10**9, directives=10**9)).document)


def test_a_fragment_counts_wherever_it_is_spread():
    text = """
        { deep { ...leaves @skip(if: false) deeper { ...leaves } } ... on Query { again: deep { leaf } } }
        fragment leaves on Deep { one: leaf two: leaf @include(if: true) }
    """
    assert sizes(text) == [Size(depth=3, aliases=5, directives=3, fields=8, root_fields=2)]


def test_directives_count_wherever_they_stand():
    text = 'query ($n: String = "x") { hello(name: $n) @skip(if: false) ... @include(if: true) { deep { leaf } } }'
    assert sizes(text)[0].directives == 2


def test_root_fields_behind_fragments_are_counted():
    text = "{ ...roots ...roots } fragment roots on Query { hello deep { leaf } }"
    assert sizes(text)[0].root_fields == 4


def test_fragments_that_double_each_other_are_measured_in_no_time():
    fragments = " ".join(f"fragment f{i} on Deep {{ ...f{i + 1} deeper {{ ...f{i + 1} }} }}" for i in range(8))
    text = "{ deep { ...f0 } }" + fragments + " fragment f8 on Deep { leaf }"
    with pytest.raises(LimitError, match="more than 400 fields"):
        prepared(text, Limits(depth=100))
    many = " ".join(f"fragment f{i} on Deep {{ ...f{i + 1} ...f{i + 1} }}" for i in range(90))
    with pytest.raises(LimitError, match="more than 400 fields"):
        prepared("{ deep { ...f0 } }" + many + " fragment f90 on Deep { leaf }")


def test_a_fragment_that_spreads_itself_is_refused_by_validation():
    [error, *_] = prepared("{ deep { ...a } } fragment a on Deep { ...b } fragment b on Deep { ...a leaf }").errors
    assert error.message == "Cannot spread fragment 'a' within itself via 'b'."


def test_fragments_nested_past_what_the_interpreter_can_follow_are_a_limit_too():
    fragments = " ".join(f"fragment f{i} on Deep {{ leaf {'...{' * 150}...f{i + 1}{'}' * 150} }}" for i in range(4))
    with pytest.raises(LimitError) as refused:
        prepared("{ deep { ...f0 } }" + fragments + " fragment f4 on Deep { leaf }")
    assert refused.value.extensions == {"code": "LIMIT_DEPTH"}


# ---------------------------------------------------------------- validation
def test_a_document_that_is_no_graphql_is_a_syntax_error():
    with pytest.raises(GraphQLSyntaxError, match="Expected Name, found <EOF>"):
        prepared("{")


def test_what_validation_finds_has_a_code_and_a_place():
    [error] = prepared("{ hello missing }").errors
    assert error.message == "Cannot query field 'missing' on type 'Query'."
    assert error.extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert [tuple(location) for location in error.locations or ()] == [(1, 9)]


def test_validation_stops_after_five_errors():
    errors = prepared("{ a b c d e f g h }").errors
    assert len(errors) == 6
    assert errors[-1].message == "Too many validation errors, error limit reached. Validation aborted."


def test_an_input_that_takes_one_of_its_fields_is_held_to_it():
    assert prepared("{ one(of: { number: 5 }) }").errors == ()
    assert len(prepared('{ one(of: { number: 5, text: "five" }) }').errors) >= 1


@pytest.mark.parametrize("text", [r'{ hello(name: "a\u0000b") }', r'{ hello(name: "a\u{0}b") }', r'{ echo(value: { a: ["\u0000"] }) }'])
def test_a_string_with_a_nul_character_is_refused(text):
    [error] = prepared(text).errors
    assert error.message == "A string holds a NUL character: leave it out."
    assert error.extensions == {"code": "BAD_INPUT"}


def test_the_schema_is_shown_only_where_that_is_allowed():
    text = "{ __schema { queryType { name } } }"
    assert prepared(text, introspection=True).errors == ()
    errors = prepared(text, introspection=False).errors
    assert errors[0].message == "GraphQL introspection has been disabled, but the requested query contained the field '__schema'."
    assert prepared("{ __typename }", introspection=False).errors == ()


def test_what_a_viewer_may_not_see_is_not_suggested_either():
    [suggesting] = prepared("{ helo }", introspection=True).errors
    [silent] = prepared("{ helo }", introspection=False).errors
    assert suggesting.message == "Cannot query field 'helo' on type 'Query'. Did you mean 'hello'?"
    assert silent.message == "Cannot query field 'helo' on type 'Query'."


# ---------------------------------------------------------------- the cache
def test_the_same_text_is_worked_out_once():
    prepare_once = preparing()()._prepare
    first = prepare_once(CORE, "{ hello }", True)
    assert prepare_once(CORE, "{ hello }", True) is first
    assert prepare_once(CORE, "{ hello  }", True) is not first
    assert prepare_once(CORE, "{ hello }", False) is not first


def test_the_cache_holds_so_many_documents_and_no_more():
    prepare_once = preparing(cached_documents=2)()._prepare
    first = prepare_once(CORE, "{ a: hello }", True)
    prepare_once(CORE, "{ b: hello }", True)
    assert prepare_once(CORE, "{ a: hello }", True) is first  # used again: the other one goes
    prepare_once(CORE, "{ c: hello }", True)
    assert prepare_once(CORE, "{ a: hello }", True) is first
    prepare_once(CORE, "{ d: hello }", True)
    prepare_once(CORE, "{ e: hello }", True)
    assert prepare_once(CORE, "{ a: hello }", True) is not first


def test_each_schema_has_a_cache_of_its_own():
    assert preparing()()._prepare is not preparing()()._prepare
    extension = preparing()
    assert extension()._prepare is extension()._prepare
    assert extension() is not extension()


def test_what_is_refused_stays_refused_when_asked_again():
    prepare_once = preparing()()._prepare
    for _ in range(2):
        with pytest.raises(GraphQLError, match="more than 12 levels"):
            prepare_once(CORE, deep(13), True)
        assert prepare_once(CORE, "{ missing }", True).errors[0].extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}
