"""Postgres labels and ranks lines as we do."""

from typing import LiteralString, cast

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.quantities import INPUT_LABELS, OUTPUT_LABELS, UNIT_NAMES, label, rank
from projections.labels import PLACE, label_of

CATEGORIES = st.sampled_from([*INPUT_LABELS, *OUTPUT_LABELS, *UNIT_NAMES, "Ärger", "search", "B", "a"]) | st.text("abAB_é", min_size=1)
UNITS = st.just("token") | st.sampled_from([*UNIT_NAMES, "pixel"]) | st.text("ab", min_size=1)
LINES = st.lists(st.tuples(st.sampled_from(["input", "output"]), CATEGORIES, UNITS), min_size=1, max_size=20, unique=True)
LABEL = f"CASE direction WHEN 'input' THEN {label_of('input')} ELSE {label_of('output')} END"
RANKED_LINES = f"""
    SELECT direction, category, unit, {LABEL}
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS line (direction, category, unit) ORDER BY direction, {PLACE},
    category COLLATE "C", unit COLLATE "C\""""


@given(LINES)
@settings(max_examples=50)
def test_lines_have_the_same_labels_in_the_same_order(database_url: str, lines: list[tuple[str, str, str]]):
    with psycopg.connect(database_url) as connection:
        found = connection.execute(cast("LiteralString", RANKED_LINES), [list(each) for each in zip(*lines, strict=True)]).fetchall()
    ranked = sorted(lines, key=lambda line: (line[0], rank(*line)))
    assert found == [(*line, label(*line)) for line in ranked]
