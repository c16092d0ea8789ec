"""Every filter of history finds what the API finds with it: some requests, and not all."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import varied
from tests.dashboard.conftest import Enter
from tests.service.running import Command

COUNT = """query($range: TimeRange!, $filter: HistoryFilter) { account {
    history(range: $range, filter: $filter, first: 0) { totalCount } } }"""
ADDRESS = "/history?from={from}&to={to}&live=off".format_map(varied.days())
LISTS = (
    ("Model", "alpha", {"models": ["alpha"]}),
    ("Version", "2026-01", {"modelVersions": ["2026-01"]}),
    ("Type", "chat", {"requestTypes": ["chat"]}),
    ("Provider", "north", {"providers": ["north"]}),
    ("Technology", "LLM", {"technologies": ["LLM"]}),
    ("API key", "key-2", {"apiKeys": ["key-2"]}),
    ("Deployment", "chat-prod", {"deployments": ["chat-prod"]}),
    ("Status code", "429", {"statusCodes": [429]}),
)
BOUNDS = (
    ("Tokens", "900", "tokens", "900"),
    ("Input tokens", "500", "inputTokens", "500"),
    ("Output tokens", "450", "outputTokens", "450"),
    ("First token", "5.5", "timeToFirstToken", 5.5),
    ("Latency", "2000.25", "latency", 2000.25),
    ("In the gateway", "5", "gatewayLatency", 5.0),
    ("Fee", "0.005", "fee", "0.005"),
)
OUTCOMES = ("Success", "Client error", "Server error", "Unknown error")


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    with varied.varied() as found:
        yield found


class Filtered:
    """History, with its filters unfolded."""

    def __init__(self, served: Command, enter: Enter) -> None:
        self.served = served
        self.page: Page = enter(ADDRESS, varied.token(served))
        self.page.get_by_text("Filters", exact=True).click()
        self._total = self.page.locator("h2 small")
        self.all = self.found()
        assert self.all == varied.REQUESTS - varied.VOIDED

    def found(self, **filter: Any) -> int:
        """How many the API finds."""
        answer = self.served.ask(COUNT, varied.token(self.served), range=varied.days(), filter=filter or None)
        return answer["account"]["history"]["totalCount"]

    def shows(self, **filter: Any) -> None:
        """As many as the API finds; then it shows everything again."""
        wanted = self.found(**filter)
        assert wanted not in (0, self.all), "a filter that finds nothing, or everything, shows nothing"
        expect(self._total).to_have_text(f"{wanted}")
        rows = self.page.locator(".requests tbody tr:not(:has(.gap))")
        expect(rows).to_have_count(min(wanted, 100))
        self.page.get_by_role("button", name="Show everything again").click()
        expect(self.page.get_by_label("Narrowed to")).to_have_count(0)


@pytest.fixture
def history(served: Command, enter: Enter) -> Filtered:
    return Filtered(served, enter)


def test_each_list_of_values_is_the_apis_and_so_is_what_has_none(history: Filtered):
    for label, value, filter in LISTS:
        history.page.get_by_label(label, exact=True).fill(value)
        history.page.get_by_label(label, exact=True).press("Enter")
        history.shows(**filter)
        none = history.page.locator(".several", has=history.page.get_by_text(label, exact=True)).get_by_role("button", name="none")
        if label == "Model":  # which every request has
            expect(none).to_have_count(0)
            continue
        none.click()
        history.shows(**{field: [None] for field in filter})


def test_each_bound_is_the_apis_from_below_and_from_above(history: Filtered):
    for label, digits, field, value in BOUNDS:
        for end, bound in (("from", "min"), ("to", "max")):
            history.page.get_by_label(f"{label}, {end}", exact=True).fill(digits)
            history.page.get_by_label(f"{label}, {end}", exact=True).press("Enter")
            history.shows(**{field: {bound: value}})


def test_texts_outcomes_channels_and_voided_ones_are_the_apis(history: Filtered):
    page = history.page
    for label, text, field in (("Request id", "request 77", "requestId"), ("Error", "LIMIT reached", "errorContains")):
        page.get_by_label(label, exact=True).fill(text)
        page.get_by_label(label, exact=True).press("Enter")
        history.shows(**{field: text})
    for name in OUTCOMES:
        page.get_by_role("group", name="Outcome").get_by_role("button", name=name).click()
        history.shows(outcomes=[name.upper().replace(" ", "_")])
    for channel in ("router", "deployment"):
        page.get_by_label("Served by").select_option(channel)
        history.shows(channel=channel.upper())
    page.get_by_label("Voided ones, too").check()
    history.shows(includeVoided=True)
    # And all of them together
    page.get_by_label("Served by").select_option("router")
    page.get_by_label("Provider", exact=True).fill("north")
    page.get_by_label("Provider", exact=True).press("Enter")
    page.get_by_label("Latency, to", exact=True).fill("3000")
    page.get_by_label("Latency, to", exact=True).press("Enter")
    page.get_by_role("group", name="Outcome").get_by_role("button", name="Success").click()
    history.shows(channel="ROUTER", providers=["north"], latency={"max": 3000.0}, outcomes=["SUCCESS"])


def test_every_filter_that_is_offered_is_tried(history: Filtered):
    labels = history.page.locator("form[role=search] :is(.several label, .bounds legend, .outcomes legend)").all_inner_texts()
    told = {*(label for label, *_ in LISTS), *(label for label, *_ in BOUNDS), "Outcome"}
    assert {label.removesuffix(", ms") for label in labels} == told
    others = history.page.locator("form[role=search] .filters > label").all_inner_texts()
    assert [label.split("\n")[0].strip() for label in others] == ["Request id", "Error", "Served by", "Voided ones, too"]
