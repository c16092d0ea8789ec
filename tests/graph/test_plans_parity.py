"""Compiled answers are graphql-core's, byte by byte: data, errors, their paths and order, and what becomes null."""

import gc
from collections.abc import Iterable
from typing import Any

import pytest
import strawberry
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult

from graph import executor
from graph.executor import CompiledExecutor
from graph.operation import payload
from graph.prepare import CACHED_DOCUMENTS, Limits, preparing
from graph.scalars import SCALARS
from graph.wire import encode
from tests.graph.random_schemas import SWITCHES, document, roots, types, value

UNLIMITED = Limits(characters=10**6, tokens=10**6, depth=99, aliases=10**4, directives=10**4, fields=10**6)


class Eager(CompiledExecutor):
    """Compiles what it sees for the first time."""

    compile_after = 0


class Context:
    introspection = True


class QuietSchema(strawberry.Schema):
    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        pass


def schema_of(query: Any, executor: Any, types: Iterable[Any] = (), cached_documents: int = CACHED_DOCUMENTS) -> strawberry.Schema:
    return QuietSchema(
        query,
        types=types,
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[preparing(UNLIMITED, cached_documents)],
        execution_context_class=executor,
    )


async def answer(schema: strawberry.Schema, document: str, **variables: Any) -> bytes:
    result = await schema.execute(document, variables, Context())
    assert type(result) is ExecutionResult, result.errors  # it was executed
    return encode(payload(result))


# graphql-core leaves coroutines behind, unawaited, where an error makes an answer null around them; with plans and without.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning")
@given(st.randoms(use_true_random=True), st.sampled_from([0.0, 0.01, 0.1]))
@settings(max_examples=100, phases=[Phase.generate])  # a seed has nothing to shrink
async def test_a_compiled_answer_is_graphql_cores(random, oddity):
    found = types(random)
    fields = roots(random, found)
    query = found.query(fields, {each.name: value(random, found, each.ref, oddity) for each in fields})
    stock, compiled = (schema_of(query, executor, [found.classes[name] for name in found.objects]) for executor in (None, Eager))
    for _ in range(2):
        asked = document(random, found, fields)
        note(asked)
        for x, y in ((True, False), (False, True), (True, False)):
            variables = {name: value for name, value in zip(SWITCHES, (x, y), strict=True) if f"${name}:" in asked}
            assert await answer(compiled, asked, **variables) == await answer(stock, asked, **variables)


@strawberry.type
class Line:
    name: str
    count: int | None


@strawberry.type
class Row:
    id: strawberry.ID
    lines: list[Line]

    @strawberry.field
    async def later(self) -> str:
        return f"later {self.id}"


ROWS = [Row(id=strawberry.ID(str(i)), lines=[Line(name="a", count=i), Line(name="b", count=None)]) for i in range(20)]


@strawberry.type
class Rows:
    @strawberry.field
    async def rows(self) -> list[Row]:
        return ROWS


def completions() -> dict[str, float]:
    (metric,) = executor.COMPLETIONS.collect()
    return {sample.labels["by"]: sample.value for sample in metric.samples if sample.name.endswith("_total")}


async def counted(executor: Any, *documents: str, **variables: Any) -> dict[str, float]:
    schema, before = schema_of(Rows, executor), completions()
    for each in documents:
        await answer(schema, each, **variables)
    return {by: count - before[by] for by, count in completions().items() if count != before[by]}


async def test_a_list_of_plain_data_is_one_completion():
    assert await counted(CompiledExecutor, "{ rows { id lines { name count } } }") == {"plan": 1}


async def test_without_the_executor_there_are_no_plans():
    assert await counted(None, "{ rows { id lines { name count } } }") == {}


async def test_a_plan_is_kept_for_the_same_document_whatever_its_variables():
    asked = "query ($n: Boolean!, $l: Boolean!) { rows { id lines @include(if: $l) { name count @skip(if: $n) } } }"
    schema = schema_of(Rows, CompiledExecutor)
    seen = [await answer(schema, asked, n=n, l=True) for n in (True, False, True, False)]
    assert seen[0] == seen[2] != seen[1] == seen[3]
    assert b"count" in seen[1]
    assert b"count" not in seen[0]


async def test_a_field_with_a_resolver_is_graphql_cores_and_the_others_beside_it_are_not():
    assert await counted(Eager, "{ rows { id later lines { name } } }") == {"graphql-core": 1, "plan": 20 + 20}


async def test_a_place_is_compiled_once_it_is_warm():
    counts = await counted(CompiledExecutor, *["{ rows { later lines { name } } }"] * 2)
    # The list of rows has no plan; a list of two lines has one from the eighth on, the field that it is from the sixteenth.
    assert counts == {"graphql-core": 2 + 7, "plan": 40 - 7}


async def test_a_plan_that_gives_up_is_followed_by_graphql_core():
    broken = [*ROWS[:3], Row(id=strawberry.ID("3"), lines=[Line(name=None, count=0)])]  # pyright: ignore[reportArgumentType]

    @strawberry.type
    class Broken:
        @strawberry.field
        async def rows(self) -> list[Row | None]:
            return broken  # pyright: ignore[reportReturnType]

    stock, compiled = schema_of(Broken, None), schema_of(Broken, Eager)
    before = completions()["graphql-core after a plan"]
    seen = await answer(compiled, "{ rows { id lines { name } } }")
    assert seen == await answer(stock, "{ rows { id lines { name } } }")
    assert b'"path":["rows",3,"lines",0,"name"]' in seen
    assert completions()["graphql-core after a plan"] > before


async def test_plans_go_with_their_document():
    schema = schema_of(Rows, Eager, cached_documents=1)
    gc.collect()
    kept = len(executor._compiled)
    for each in ("{ rows { id } }", "{ rows { id lines { name } } }", "{ rows { lines { count } } }"):
        await answer(schema, each)
        gc.collect()
        assert len(executor._compiled) == kept + 1
