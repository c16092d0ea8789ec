"""Who may tell what: a gateway reports usage, finance corrects its own account's, an operator of all accounts sets prices."""

import msgspec
import pytest

from domain.event_types import EVENT_TYPES
from tests.events import line
from tests.ingest.sending import logged, post, rows
from tests.told import DATA, OF_THE_PLATFORM, told

USAGE = ("request.completed", *(type for type in EVENT_TYPES if type.startswith("deployment.")))
CORRECTIONS = ("request.corrected", "request.voided")
MAY = {
    "of-acme": USAGE,
    "of-finance": CORRECTIONS,
    "of-operator": OF_THE_PLATFORM,
    "of-one-operator": (*USAGE, *CORRECTIONS),
}
LACKS = {
    ("of-acme", CORRECTIONS): 'needs a token with the scope billing, which "acme\'s gateway" lacks',
    ("of-acme", OF_THE_PLATFORM): 'needs a token with the scope operate, which "acme\'s gateway" lacks',
    ("of-finance", USAGE): 'needs a token with the scope ingest, which "acme\'s finance" lacks',
    ("of-finance", OF_THE_PLATFORM): 'needs a token with the scope operate, which "acme\'s finance" lacks',
    ("of-operator", USAGE): "needs a token with the scope ingest, which 'an operator' lacks",
    ("of-operator", CORRECTIONS): "needs a token with the scope billing, which 'an operator' lacks",
    ("of-one-operator", OF_THE_PLATFORM): 'needs a token of all accounts, and "acme\'s operator" is of one',
}


def reports(types: tuple[str, ...]) -> list[bytes]:
    """One of each type, under a name of its own."""
    return [
        line(id=type) if type == "request.completed" else msgspec.json.encode(told(type, envelope={"id": type}))
        for type in types
        if type in DATA or type == "request.completed"
    ]


@pytest.mark.parametrize("token", MAY)
async def test_what_a_token_may_tell_is_recorded(client, ledger, token):
    types = MAY[token]
    receipt = (await post(client, reports(tuple(type for type in types if type != "request.voided")), token=token)).json()
    assert receipt["rejected"] == []
    assert [event.TOPIC for event in logged(ledger)] == [type for type in types if type != "request.voided"]


@pytest.mark.parametrize(("token", "types"), LACKS)
async def test_what_a_token_may_not_tell_is_refused_by_its_type_and_kept_aside(client, ledger, token, types):
    response = await post(client, reports(types), token=token)
    assert (response.status_code, response.json()["recorded"]) == (422, 0)
    told = {(each["field"], each["message"]) for each in response.json()["rejected"]}
    assert told == {("type", LACKS[token, types])}
    assert [each["id"] for each in response.json()["rejected"]] == [*types]
    assert logged(ledger) == []


async def test_yours_alone_finance_of_one_account_corrects_no_other(client, ledger):
    foreign = msgspec.json.encode(told("request.corrected", envelope={"subject": "other"}))
    receipt = (await post(client, foreign, token="of-finance")).json()
    reason = "must be 'acme', the account of the token, or absent"
    assert [(each["field"], each["message"]) for each in receipt["rejected"]] == [("subject", reason)]


async def test_prices_bring_no_account_into_being(client, database_url):
    await post(client, reports(OF_THE_PLATFORM), token="of-operator")
    assert rows(database_url, "SELECT key FROM tallygraph.accounts") == []
