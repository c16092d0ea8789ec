"""`tallygraph prices import` and `tallygraph rerate`: a list is set once, and what was before takes its prices when it is rated again."""

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.errors import SettingError
from service.options import instant_of
from tests.events import line
from tests.service.running import ADMIN, Command, Commands, free_port

LIST = {
    "sample_spec": {"input_cost_per_token": 0, "litellm_provider": "one of these"},
    "gpt-4o": {
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
        "search_context_cost_per_query": {"search_context_size_low": 0.03},
        "litellm_provider": "openai",
    },
    "a-free-model": {"litellm_provider": "openai", "max_tokens": 4096},
}
APRIL = ("--effective-from", "2026-04-01")
FEE = """query($id: ID) { account(id: $id) {
    routerUsage(range: {from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z"}) { totalFee } } }"""


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    return written(tmp_path / "prices.json", LIST)


def written(path: Path, prices: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps(prices))
    return path


def imported(commands: Commands, url: str, path: Path, *arguments: str, token: str = ADMIN) -> Command:
    return commands.run("prices", "import", path, *(arguments or APRIL), TALLYGRAPH_URL=url, TALLYGRAPH_TOKEN=token)


def rerated(commands: Commands, url: str, *arguments: str, token: str = ADMIN) -> Command:
    told = ("--from", "2026-04-01", "--to", "2026-05-01T00:00:00+02:00", "--reason", "prices came late")
    return commands.run("rerate", *told, *arguments, TALLYGRAPH_URL=url, TALLYGRAPH_TOKEN=token)


def failure(command: Command) -> str:
    """The one sentence in which it ends."""
    assert command.ended() == 1
    *_, told = command.errors.splitlines()
    assert told.startswith("tallygraph: ")
    assert "Traceback" not in command.errors
    return told.removeprefix("tallygraph: ")


def fee(served: Command, account: str = "acme") -> str | None:
    return served.ask(FEE, id=served.account_id(account))["account"]["routerUsage"]["totalFee"]


def test_once_a_list_is_set_and_setting_it_again_changes_nothing(tallygraph: Commands, prices: Path, tmp_path: Path):
    served = tallygraph.serve("--only", "web")
    # When a list is imported
    first = imported(tallygraph, served.url, prices)
    # Then its prices are recorded, and what was left out is told by reason
    assert first.ended() == 0, first.errors
    told = first.errors.splitlines()
    assert "prices.json" in first.errors
    start = told.index("8 recorded, 0 known already, 0 in conflict, 0 refused")
    assert told[start + 1] == "Not taken over:"
    assert sorted(told[start + 2 :]) == ["  1 entries without a price", "  1 tools and grounding"]
    # When it is imported again, packed, then all of it is known
    packed = tmp_path / "prices.json.gz"
    packed.write_bytes(gzip.compress(prices.read_bytes()))
    again = imported(tallygraph, served.url, packed)
    assert again.ended() == 0
    assert "0 recorded, 8 known already, 0 in conflict, 0 refused\n" in again.errors
    # When another price is told for the same instant, then the first one stands, and from another instant it is a new one
    dearer = written(tmp_path / "dearer.json", {"gpt-4o": LIST["gpt-4o"] | {"input_cost_per_token": 3e-06}})
    other = imported(tallygraph, served.url, dearer)
    assert other.ended() == 1
    assert "0 recorded, 4 known already, 4 in conflict, 0 refused\n" in other.errors
    assert "this source and id already stand for another content: the first report stands" in other.errors
    assert imported(tallygraph, served.url, dearer, "--effective-from", "2026-05-01").ended() == 0


def test_requests_of_before_take_the_prices_when_they_are_rated_again(tallygraph: Commands, prices: Path):
    # Given requests of two accounts, of 310 prompt tokens each, and prices that come after them
    served = tallygraph.serve()
    told = [line(id=account, subject=account, data={"output": []}) for account in ("acme", "other")]
    receipt = served.report(told)
    assert served.requests(receipt) == 1
    imported(tallygraph, served.url, prices)
    assert fee(served) is None
    # When one account is rated again, then it is told what that changed
    one = rerated(tallygraph, served.url, "--account", "acme", "--model", "gpt-4o", "--model", "o3")
    assert (one.ended(), one.output) == (0, "1 requests rated again, 1 of them with another fee: 0 USD before, 0.000775 USD now\n")
    assert (fee(served), fee(served, "other")) == ("0.000775", None)
    # And when all are
    every = rerated(tallygraph, served.url)
    assert every.output == "2 requests rated again, 1 of them with another fee: 0.000775 USD before, 0.00155 USD now\n"


def test_figures_that_do_not_follow_are_said_to(tallygraph: Commands):
    served = tallygraph.serve("--only", "web")
    done = rerated(tallygraph, served.url)
    assert (done.ended(), done.output) == (0, "Recorded. The figures do not include it yet: they will, without another call.\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "is not a price list in JSON: "),
        (b"[1, 2]", "is not a LiteLLM price list: that is an object with a model a key, and an object of prices for each."),
        (b'{"gpt-4o": 3}', "is not a LiteLLM price list: that is an object with a model a key, and an object of prices for each."),
        (gzip.compress(b"{}", mtime=0)[:-4], "is cut off: send the whole file."),
    ],
)
def test_a_file_that_is_no_price_list_is_told_in_a_sentence(tallygraph: Commands, tmp_path: Path, content: bytes, reason: str):
    path = tmp_path / "[bold]list"
    path.write_bytes(content)
    assert failure(imported(tallygraph, "http://127.0.0.1:1", path)).startswith(f"{path} {reason}")


def test_a_file_that_is_not_there_is_told(tallygraph: Commands, tmp_path: Path):
    assert failure(imported(tallygraph, "http://127.0.0.1:1", tmp_path / "nothing")) == f"{tmp_path}/nothing: No such file or directory."


def test_a_service_that_is_not_there_is_told(tallygraph: Commands, prices: Path):
    url = f"http://127.0.0.1:{free_port()}"
    assert failure(imported(tallygraph, url, prices)).startswith(f"{url} does not answer: ")
    assert failure(rerated(tallygraph, url)).startswith(f"{url} does not answer: ")


def test_a_token_that_may_not_is_told(tallygraph: Commands, prices: Path):
    served = tallygraph.serve("--only", "web")
    token = tallygraph.run("tokens", "create", "--scope", "ingest", "--name", "gateway").output.strip()
    sent = imported(tallygraph, served.url, prices, token=token)
    assert sent.ended() == 1
    assert "0 recorded, 0 known already, 0 in conflict, 8 refused\n" in sent.errors
    assert "type: needs a token with the scope operate, which 'gateway' lacks" in sent.errors
    assert failure(rerated(tallygraph, served.url, token=token)).startswith(
        "The token 'gateway' lacks the scope OPERATE, which rerate needs"
    )
    assert failure(rerated(tallygraph, served.url, "--account", "nobody")).startswith("There is no such account")


def test_prices_of_the_future_say_when_they_were_told(tallygraph: Commands, prices: Path):
    served = tallygraph.serve("--only", "web")
    future = ("--effective-from", f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}")
    told = failure(imported(tallygraph, served.url, prices, *future))
    assert told.startswith("--effective-from is more than a day ahead: give --told-at, an instant that is not")
    for outcome in ("8 recorded, 0 known already", "0 recorded, 8 known already"):
        sent = imported(tallygraph, served.url, prices, *future, "--told-at", "2026-04-01T14:00:00Z")
        assert (sent.ended(), outcome in sent.errors) == (0, True)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T14:30+02:00", datetime(2026, 5, 1, 12, 30, tzinfo=UTC)),
        ("2026-05-01 14:30:00.5z", datetime(2026, 5, 1, 14, 30, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_an_instant_is_given_as_a_day_or_with_its_offset(text: str, instant: datetime):
    assert instant_of("--from", text) == instant


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "2026-05-01T14:30", "20260501", "2026-W18-5", "0001-01-01T00:00+09:00"])
def test_what_is_no_instant_is_told(text: str):
    with pytest.raises(SettingError, match=r"--from is .* give a day, such as 2026-05-01"):
        instant_of("--from", text)
