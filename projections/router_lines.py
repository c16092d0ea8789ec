"""Lines of buckets: how many of a category, and what they cost, beside the sums of their bucket."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from projections.router_facts import GROUP, Facts

LINE_FEE = "CASE WHEN sum(priced_requests) > 0 THEN sum(fee) END"
LINE_SUMS = f"sum(quantity) AS quantity, {LINE_FEE} AS line_fee"
LINE_JSON = "json_build_array(direction, category, unit, quantity::text, line_fee::text)"
LINES = f"json_agg({LINE_JSON}) FILTER (WHERE direction IS NOT NULL)::text AS lines"
BROKEN_DOWN = f"""
    broken_down AS (
        SELECT json_agg({LINE_JSON})::text AS lines FROM (SELECT direction, category, unit, {LINE_SUMS} FROM line GROUP BY 1, 2, 3) AS one
    )"""
PAGE_WITHOUT_LINES = "shown AS (SELECT *, NULL AS lines FROM page)"


@dataclass(frozen=True, slots=True)
class Lines:
    """What is made of the lines of a bucket: of all together, and of each alone before."""

    all: str
    each: Mapping[str, str] = field(default_factory=dict[str, str])  # columns by their names


def page_with_lines(facts: Facts, lines: Lines) -> str:
    """The page, as `shown`, with its lines.

    They come to their groups by being grouped with them, not by a join: a planner that guesses one row would join them in a loop. OFFSET 0
    keeps it from looking at their buckets first: it would guess that hardly any line is left, and join names to them in a loop.
    """
    sums = (*facts.summed, "measure")
    return f"""
    parts AS (
        SELECT page.*, {", ".join(f"NULL AS {name}" for name in ("direction", "category", "unit", "quantity", "line_fee", *lines.each))}
        FROM page
        UNION ALL
        SELECT {GROUP}, {", ".join("NULL" for _ in sums)}, {", ".join(("direction", "category", "unit", LINE_SUMS, *lines.each.values()))}
        FROM (SELECT * FROM line OFFSET 0) AS line
        WHERE bucket BETWEEN (SELECT min(bucket) FROM page) AND (SELECT max(bucket) FROM page)
        GROUP BY {GROUP}, direction, category, unit
    ),
    shown AS (
        SELECT {GROUP}, {", ".join(f"max({name}) AS {name}" for name in sums)},
            {lines.all}
        FROM parts GROUP BY {GROUP} HAVING max(requests) IS NOT NULL
    )"""
