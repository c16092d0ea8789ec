"""The examples of docs/graphql.md are answered as they stand."""

import re
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, validate

from graph.errors import PARSE_FAILED, VALIDATION_FAILED, ApiError, BodyTooLargeError, SessionEndedError
from graph.schema import schema
from tests.events import at, request_completed
from tests.graph.conftest import OPERATOR, Service

GUIDE_FILE = Path(__file__).parents[2] / "docs" / "graphql.md"
GUIDE = GUIDE_FILE.read_text(encoding="utf-8")


def examples(text: str) -> list[str]:
    return re.findall(r"^```graphql\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


EXAMPLES = examples(GUIDE)


async def test_every_example_is_answered_without_an_error(service: Service):
    seen = service.record(request_completed(at("09:00")), request_completed(at("10:00"), status_code=500, latency_ns=1_500_000_000))
    service.follows = True
    answered: dict[str, Any] = {}
    for example in EXAMPLES:
        assert validate(schema._schema, parse(example)) == []
        if "subscription" not in example:
            for_operators = ("eventLog", "setPrices", "rerate", "rebuildReadModel")
            token = OPERATOR if any(field in example for field in for_operators) else "acme:read+ingest+billing"
            answered |= await service.ask(example, token, seen=seen)
    assert answered["recordUsage"]["recorded"] == 1
    assert answered["exportRouterUsage"]["errors"] == []
    assert answered["startAudit"]["errors"] == []
    assert answered["accounts"]["totalCount"] == 1
    assert answered["node"] is None
    assert answered["setPrices"]["recorded"] == 2
    assert [error["code"] for error in answered["correctRequest"]["errors"]] == ["NOT_FOUND"]
    assert (answered["rerate"]["requests"], answered["rerate"]["changedRequests"]) == (3, 3)
    assert answered["rebuildReadModel"]["readModel"] == {"name": "usage", "rebuilding": 0.0}
    assert len(EXAMPLES) == 22


@pytest.mark.parametrize("name", ["audits", "exports"])
def test_examples_of_other_guides_are_operations_of_the_schema(name: str):
    found = examples(GUIDE_FILE.with_name(f"{name}.md").read_text(encoding="utf-8"))
    assert found
    assert [validate(schema._schema, parse(each)) for each in found] == [[] for _ in found]


def test_every_code_that_an_error_can_have_is_explained():
    table = GUIDE.partition("| code | meaning |")[2]
    told = {*re.findall(r"`([A-Z_]+)`", table)}
    classes = [ApiError, *ApiError.__subclasses__(), SessionEndedError]
    assert {each.code for each in classes} | {PARSE_FAILED, VALIDATION_FAILED} == told | {BodyTooLargeError.code}
    assert "`LIMIT_…`" in table
