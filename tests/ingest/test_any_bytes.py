"""Whatever is sent, the answer is a receipt that accounts for every report, or an error that says what is wrong. Never a failure."""

import gzip
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import limits
from tests.events import line
from tests.ingest.sending import BATCH, NDJSON, SINGLE, logged, post

ON_POSTGRES = settings(max_examples=60)
WEIRD = st.sampled_from([
    None, True, -1, 0, 2**53, 2**53 + 1, 2**64, -(2**63), 10**400, 0.1, -0.0, 1e308, "", " ", "\0", "\ud800", "\udfff\ud800", "\u2028", "﻿",
    "x" * 1024, "x" * 1025, "é" * 5000, [], {}, [[]], [{}], {"": {}}, {"\0": "\0"}, "NaN", "1e999", "2026-04-21T14:03:07Z", "deployment",
])  # fmt: skip
values = st.recursive(
    WEIRD | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.sampled_from(("id", "category", "unit")), inner),
    max_leaves=6,
)
FIELDS = {
    "traceparent": "00-4bf9",
    "data": {
        "request_id": "r", "request_type": "chat", "model_version": "1", "provider": "openai", "technology": "LLM", "service_tier": "flex",
        "channel": "router", "deployment": "gpu", "api_key": {"id": "k", "name": "n"}, "usage_source": "none", "reported_cost": "0.1",
        "output": [{"category": "c", "quantity": 1, "unit": "u"}], "ttft_ms": 1.5, "latency_ms": 2, "gateway_latency_ms": 0,
        "status_code": 200, "error_message": "e",
    },
}  # fmt: skip


@st.composite
def changed_reports(draw: st.DrawFn) -> bytes:
    """A valid report in which up to three values are something else, or are missing, or are new."""
    root = json.loads(line(id=str(draw(st.integers(0, 9))), **(FIELDS if draw(st.booleans()) else {})))
    for _ in range(draw(st.integers(0, 3))):
        place: Any = root
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], (dict, list)) and draw(st.booleans()):
                place = place[key]
                continue
            if draw(st.integers(0, 4)) == 0:
                del place[key]
            else:
                place[key] = draw(values)
            break
        if isinstance(place, dict) and draw(st.integers(0, 4)) == 0:
            place[draw(st.text(max_size=5))] = draw(values)
    return json.dumps(root).encode()


@st.composite
def broken_bytes(draw: st.DrawFn) -> bytes:
    """A report with some bytes changed, lost or doubled."""
    body = bytearray(draw(changed_reports()))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(body) - 1)))
        end = min(len(body), start + draw(st.integers(0, 6)))
        body[start:end] = draw(
            st.binary(max_size=4) | st.sampled_from((b"{", b"}", b"[", b"]", b'"', b"\\u0000", b"\\ud800", b"1e999", b",,", b"\0"))
        )
    return bytes(body)


reports = st.one_of(changed_reports(), changed_reports(), broken_bytes(), st.binary(max_size=40))


def accounted_for(response: httpx.Response) -> int:
    """How many reports the receipt speaks of, each once and where it was."""
    receipt = response.json()
    indices = [each["index"] for each in receipt["conflicts"] + receipt["rejected"]]
    assert len(indices) == len(set(indices))
    for refused in receipt["rejected"]:
        assert len(refused["message"]) <= 2000
        assert refused["id"] is None or len(refused["id"]) <= limits.MAX_STRING_BYTES
    assert response.status_code == (200 if receipt["recorded"] or receipt["duplicates"] or not indices else 422)
    return receipt["recorded"] + receipt["duplicates"] + len(indices)


@ON_POSTGRES
@given(batch=st.lists(reports, max_size=8), token=st.sampled_from(("of-acme", "of-all")))
async def test_nothing_lost_every_line_of_a_batch_is_accounted_for(client, ledger, batch, token):
    before = len(logged(ledger))
    response = await post(client, batch, NDJSON, token=token)
    lines = [each for report in batch for each in report.split(b"\n") if each.strip()]
    assert accounted_for(response) == len(lines)
    assert len(logged(ledger)) - before == response.json()["recorded"]


@ON_POSTGRES
@given(batch=st.lists(changed_reports(), max_size=8))
async def test_nothing_lost_every_item_of_an_array_is_accounted_for(client, batch):
    assert accounted_for(await post(client, b"[" + b",".join(batch) + b"]", BATCH)) == len(batch)


@ON_POSTGRES
@given(report=reports, media_type=st.sampled_from((SINGLE, "application/json", BATCH)))
async def test_one_report_of_any_bytes_is_accounted_for_or_an_error(client, report, media_type):
    response = await post(client, report, media_type)
    if "error" in response.json():
        assert response.status_code == 400
    else:
        assert accounted_for(response) == 1 or media_type != SINGLE


@ON_POSTGRES
@given(body=st.binary(max_size=200) | reports.map(gzip.compress), encoding=st.sampled_from(("gzip", "zstd")), cut=st.integers(0, 5))
async def test_any_packed_bytes_are_accounted_for_or_an_error(client, body, encoding, cut):
    response = await post(client, body[: len(body) - cut], Content_Encoding=encoding)
    assert response.status_code in {200, 400, 422}


@pytest.mark.parametrize("report", [b"NaN", b'"\\ud800"', b"[" * 3000, b"1" * 5000, b'{"data":' * 3000])
async def test_what_breaks_other_parsers_is_refused(client, report):
    response = await post(client, report, SINGLE)
    assert (response.status_code, accounted_for(response)) == (422, 1)
