"""What the read models hold of a log, worked out again: one event after the other, in plain Python, without a database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from domain.events import EPOCH, RequestCompleted
from domain.names import account_id, event_name, series_id

GRAINS = (900, 3600, 86_400)
Rows = dict[str, list[tuple[Any, ...]]]


class Logged(NamedTuple):
    position: int
    event: RequestCompleted


def fold(log: Iterable[Logged]) -> Rows:
    """The rows of every table, in the order of their keys."""
    names: dict[tuple[UUID, UUID], UUID] = {}
    tables: dict[str, dict[Any, tuple[Any, ...]]] = defaultdict(dict)
    sums: dict[Any, list[int]] = defaultdict(lambda: [0] * 8)
    lines: dict[Any, int] = defaultdict(int)
    for position, event in log:
        account, id = account_id(event.account), UUID(bytes=event.originator_id)
        name = UUID(bytes=event_name(event.source, event.id))
        standing = names.setdefault((account, name), id)
        if standing != id:
            tables["name_conflicts"][account, position] = (account, position, standing, id)
            continue
        tables["history"][account, event.time, id] = _history_row(account, id, position, event)
        if event.api_key is not None and event.api_key_name is not None:
            told = (event.time, event.originator_id)
            known = tables["api_keys"].get((account, event.api_key))
            if known is None or told > known[3:]:
                tables["api_keys"][account, event.api_key] = (account, event.api_key, event.api_key_name, *told)
        if event.channel == "deployment":
            continue
        series = UUID(bytes=series_id(event.model, event.provider, event.api_key))
        tables["router_series"][account, series] = (account, series, event.model, event.provider, event.api_key)
        for grain in GRAINS:
            start = EPOCH + (event.time - EPOCH) // timedelta(seconds=grain) * timedelta(seconds=grain)
            _count(sums[account, grain, start, series], position, event)
            for side in ("input", "output"):
                for category, unit, quantity in getattr(event, side) or ():
                    lines[account, grain, start, series, side, category, unit] += quantity
    tables["request_names"] = {key: (*key, id) for key, id in names.items()}
    tables["router_buckets"] = {key: (*key, *_exact(each)) for key, each in sums.items()}
    tables["router_lines"] = {key: (*key, Decimal(quantity)) for key, quantity in lines.items()}
    return {table: [tables[table][key] for key in sorted(tables[table])] for table in TABLES}


TABLES = ("history", "router_buckets", "router_lines", "router_series", "request_names", "api_keys", "name_conflicts")


def counted(log: Sequence[Logged]) -> list[RequestCompleted]:
    """The requests that count: the first of each name."""
    first: dict[tuple[str, str, str], RequestCompleted] = {}
    for _, event in log:
        first.setdefault((event.account, event.source, event.id), event)
    return list(first.values())


def tokens_of(event: RequestCompleted) -> tuple[int | None, int | None, int | None]:
    """Of the input, the output and both: what is counted in tokens, null where nothing is known."""
    input, output = (
        None if side is None else sum(quantity for _, unit, quantity in side if unit == "token") for side in (event.input, event.output)
    )
    return input, output, None if input is None and output is None else (input or 0) + (output or 0)


def _count(sums: list[int], position: int, event: RequestCompleted) -> None:
    tokens = tokens_of(event)[2]
    sums[0] += 1
    sums[1] += event.outcome.value != "success"
    sums[2] += event.latency_ns or 0
    sums[3] += event.latency_ns is not None
    sums[4] += tokens or 0
    sums[5] += event.usage_source == "estimated"
    sums[6] += tokens is None
    sums[7] = max(sums[7], position)


def _exact(sums: list[int]) -> list[int | Decimal]:
    return [Decimal(each) if i in {2, 4} else each for i, each in enumerate(sums)]


def _history_row(account: UUID, id: UUID, position: int, event: RequestCompleted) -> tuple[Any, ...]:
    input, output = (None if side is None else [list(quantity) for quantity in side] for side in (event.input, event.output))
    return (
        account, event.time, id, position, 1, False, event.channel, event.source, event.id, event.request_id or event.id,
        event.request_type, event.model, event.model_version, event.provider, event.technology, event.deployment, event.api_key,
        input, output, *tokens_of(event), event.ttft_ns, event.latency_ns, event.gateway_latency_ns,
        event.status_code, event.error_message, event.outcome.value, event.usage_source,
    )  # fmt: skip
