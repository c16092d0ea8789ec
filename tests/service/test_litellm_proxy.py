"""A real LiteLLM proxy reports to a real service: every call that it posts is in the log, once, as what it was."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from ledger.application import Ledger
from tests.ingest.sending import logged
from tests.service.proxy import FORMATS, PROGRAM, Sink, proxy
from tests.service.running import Commands, eventually

pytestmark = pytest.mark.litellm


@pytest.fixture
def installed() -> None:
    if not PROGRAM.exists():
        reason = "no LiteLLM proxy: `make litellm` installs it"
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"{reason}, and REQUIRE_SERVICES is set")
        pytest.skip(reason)


@pytest.mark.usefixtures("installed")
def test_once_every_call_that_a_proxy_posts_in_any_format_is_in_the_log(tallygraph: Commands, database_url: str, tmp_path: Path):
    # Given a proxy that posts to a service, in all three formats
    served = tallygraph.serve()
    token = tallygraph.run("tokens", "create", "--account", "acme", "--scope", "ingest").output.strip()
    sink = Sink(f"{served.url}/v1/litellm")
    with sink.open() as address, proxy(tmp_path, address, token) as gateway:
        # When people call: with success, as a stream, in vain, and with a fallback
        for i in range(5):
            assert gateway.chat("good", f"hello {i}").status_code == 200
            assert "[DONE]" in gateway.chat("good", f"hello {i}", stream=True).text
            assert gateway.chat("worse", f"hello {i}").status_code == 429
            assert gateway.chat("bad", f"hello {i}").status_code == 200
        # Until each format was used, for the proxy loses what is added while it posts
        eventually(lambda: gateway.chat("good", "and on").status_code == 200 and all(map(sink.seen, FORMATS)))
        eventually(lambda: all({"success", "failure"} <= {call["status"] for call in sink.seen(each)} for each in FORMATS))
        gateway.stop()
    # Then all that it posted was taken
    assert {each.status for each in sink.posted} <= {200, 202}
    told = {(call["litellm_call_id"], call["status"]) for each in FORMATS for call in sink.seen(each)}
    assert {"success", "failure"} == {status for _, status in told}
    # And the log has each call once, with the pairs that fallbacks are
    with closing(Ledger(database_url)) as ledger:
        found = eventually(lambda: events if len(events := logged(ledger)) >= len(told) else None)
    assert found is not None
    assert sorted((event.request_id, "success" if event.status_code == 200 else "failure") for event in found) == sorted(told)
    of_call: dict[str, set[int]] = {}
    for event in found:
        of_call.setdefault(event.request_id, set()).add(event.status_code)
    assert {200, 500} in of_call.values()
    assert {429} in of_call.values()
    # And says of each what it was
    for event in found:
        assert (event.account, event.model, event.provider, event.request_type) == ("acme", "gpt-4o", "openai", "chat")
        assert (event.input is None) == (event.status_code != 200)
    assert any(event.ttft_ns for event in found)
