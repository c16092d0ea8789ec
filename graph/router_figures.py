"""Which sums each figure of router usage is made of. What is not selected is not summed up."""

from graph.selection import needed
from projections.router_usage import Wanted

BREAKDOWN = frozenset({"input", "output"})
SUMS = {
    "requests": ("requests",),
    "totalRequests": ("requests",),
    "totalTokens": ("tokens",),
    "averageLatency": ("latency_ns", "latencies"),
    "successRate": ("requests", "errors"),
    "errorCount": ("errors",),
    "totalFee": ("requests", "fee", "unpriced"),
    "reportedCost": ("reported_cost", "reported_costs"),
    "throughput": ("requests", "ahead"),
    "unpricedRequests": ("unpriced",),
    "estimatedRequests": ("estimated",),
    "unknownTokenRequests": ("unknown_tokens",),
}


def wanted_of_usage(fields: frozenset[str], data_state: frozenset[str]) -> Wanted | None:
    """What router usage needs of the read models for these fields, and those of its dataState; null where it needs nothing."""
    wanted = Wanted(needed(fields | data_state, SUMS), bool(fields & BREAKDOWN), "usedModels" in fields)
    return wanted if wanted.sums or wanted.lines or wanted.models else None


def wanted_of_buckets(fields: frozenset[str], api_key: frozenset[str]) -> Wanted:
    """What buckets need of the read models for these fields, and those of their apiKey."""
    return Wanted(needed(fields, SUMS), bool(fields & BREAKDOWN), names="name" in api_key)
