"""Identifiers are for ever: their bytes are pinned here, and no change of code may move them."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.events import microseconds
from domain.names import account_id, event_name, milliseconds_of, request_originator_id, series_id
from tests.events import at, instants, texts


def test_the_bytes_of_every_identifier_stay_as_they_are():
    nine = microseconds(at("09:00:00.123456"))
    assert nine == 1_776_762_000_123_456
    assert request_originator_id("acme", "router/eu-1", "req_8f2", nine).hex() == "019daf4492fb8e9bb8a29324b3b3c3f0"
    assert event_name("router/eu-1", "req_8f2").hex() == "b680688db463aaaa5271cec10c40959e"
    assert account_id("acme") == UUID("e026e8de-9274-877e-8342-9e6775c52323")
    assert account_id("ацме — 株式会社") == UUID("c96f9ff8-503e-892e-aad7-8e99e863994e")
    assert series_id("gpt-4o", "openai", "key-7").hex() == "b16cbf6fd43a294a85418e29d591ba69"
    assert series_id("gpt-4o", None, None).hex() == "1111fec8556693496b2fafe2e7a4b297"


@given(account=texts, source=texts, id=texts, time=instants)
def test_a_request_is_a_uuid_version_8_that_begins_with_its_time(account, source, id, time):
    originator_id = request_originator_id(account, source, id, microseconds(time))
    uuid = UUID(bytes=originator_id)
    assert (uuid.version, uuid.variant) == (8, RFC_4122)
    assert milliseconds_of(originator_id) == microseconds(time) // 1000


@given(key=texts)
def test_an_account_is_a_uuid_version_8(key):
    assert (account_id(key).version, account_id(key).variant) == (8, RFC_4122)


@given(a=st.tuples(texts, instants), b=st.tuples(texts, instants))
def test_requests_sort_by_time(a, b):
    first, second = (request_originator_id("acme", "s", id, microseconds(time)) for id, time in (a, b))
    if microseconds(a[1]) // 1000 < microseconds(b[1]) // 1000:
        assert first < second


def test_parts_of_a_name_do_not_run_together():
    assert event_name("ab", "c") != event_name("a", "bc")
    assert request_originator_id("a", "bc", "d", 0) != request_originator_id("ab", "c", "d", 0)
    assert series_id("m", "a", None) != series_id("m", None, "a")


def test_the_name_of_an_event_does_not_tell_its_time_and_its_stream_does():
    assert request_originator_id("acme", "s", "1", 1_000) != request_originator_id("acme", "s", "1", 1_001)
    assert request_originator_id("acme", "s", "1", 1_000) != request_originator_id("other", "s", "1", 1_000)
