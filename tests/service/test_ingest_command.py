"""`tallygraph ingest`: files go in once, however often they are sent; what is refused is listed, and what is wrong is told."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.event_files import BATCH
from tests.events import ABSENT, line, report
from tests.service.running import ADMIN, Command, Commands, free_port

EVENTS = BATCH + 7


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files, of which one needs two batches."""
    many = tmp_path / "many.ndjson.gz"
    many.write_bytes(gzip.compress(b"\n".join([line(id=f"many-{i}", subject="acme") for i in range(EVENTS)])))
    array = tmp_path / "array.json"
    array.write_text(json.dumps([report(id=f"array-{i}", subject="acme") for i in range(30)], indent=2))
    single = tmp_path / "single.json"
    single.write_text(json.dumps(report(id="single", subject="acme"), indent=2))
    return [many, array, single]


def ingest(commands: Commands, url: str, *files: Path, token: str = ADMIN) -> Command:
    return commands.run("ingest", *files, TALLYGRAPH_URL=url, TALLYGRAPH_TOKEN=token)


def test_once_files_are_sent_and_sending_them_again_changes_nothing(tallygraph: Commands, files: list[Path]):
    served = tallygraph.serve()
    # When the files are sent
    first = ingest(tallygraph, served.url, *files)
    # Then each event is recorded, and a bar has gone to its end for each file
    assert first.ended() == 0
    assert f"{EVENTS + 31:,} recorded, 0 known already, 0 refused\n" in first.errors
    assert [each.name in first.errors for each in files] == [True] * 3
    # When they are sent again, then all of them are known
    again = ingest(tallygraph, served.url, *files)
    assert again.ended() == 0
    assert f"0 recorded, {EVENTS + 31:,} known already, 0 refused\n" in again.errors
    assert served.requests(served.report([line(subject="acme", id="single")])) == EVENTS + 31


def test_nothing_lost_what_is_refused_is_listed_and_the_rest_is_recorded(tallygraph: Commands, tmp_path: Path):
    # Given a service that knows one event already, and a file with that, good ones and bad ones
    served = tallygraph.serve("--only", "web")
    served.report([line(subject="acme", id="known")])
    path = tmp_path / "mixed.ndjson"
    other = {"model": "another"}
    bad = [line(subject="acme", id="late", time="noon"), b"[bold]garbage[/]", line(subject="acme", id="known", data=other)]
    path.write_bytes(b"\n".join([line(subject="acme", id="one"), *bad, line(subject="acme", id=ABSENT), line(subject="acme", id="two")]))
    # When it is sent
    sent = ingest(tallygraph, served.url, path)
    # Then what is good is recorded, and the rest is told by file and number
    assert sent.ended() == 1
    told = sent.errors.splitlines()
    start = told.index("2 recorded, 0 known already, 4 refused")
    assert sorted(told[start + 1 :]) == [
        "  mixed.ndjson, event 2 (late): time: 'noon' is not an RFC 3339 instant with an offset, such as 2026-04-21T14:03:07.120Z",
        "  mixed.ndjson, event 3: expected object, got array",
        "  mixed.ndjson, event 4 (known): this source and id already stand for another content: the first report stands",
        "  mixed.ndjson, event 5: id: is required",
    ]


def test_no_more_than_some_of_what_is_refused_is_listed(tallygraph: Commands, tmp_path: Path):
    served = tallygraph.serve("--only", "web")
    path = tmp_path / "garbage"
    path.write_text("garbage\n" * 12)
    told = ingest(tallygraph, served.url, path).errors
    assert told.count("  garbage, event ") == 10
    assert told.endswith("  … and 2 more: rejectedEvents and conflicts of the API have them all\n")


def failure(sent: Command) -> str:
    """The sentence in which it ends, beside what it did."""
    assert sent.ended() == 1
    assert "Traceback" not in sent.errors
    *_, tally, told = sent.errors.splitlines()
    assert tally == "0 recorded, 0 known already, 0 refused"
    assert told.startswith("tallygraph: ")
    return told.removeprefix("tallygraph: ")


def test_a_service_that_is_not_there_is_told_at_once(tallygraph: Commands, files: list[Path]):
    url = f"http://127.0.0.1:{free_port()}"
    again = "When that is mended, send the files again: what was recorded counts once."
    assert failure(ingest(tallygraph, url, *files)) == f"{url} does not answer: [Errno 111] Connection refused. {again}"


def test_a_token_that_does_not_work_is_told_and_not_shown(tallygraph: Commands, files: list[Path]):
    served = tallygraph.serve("--only", "web")
    told = failure(ingest(tallygraph, served.url, *files, token="tg_a-token"))
    assert told.startswith(f"{served.url} answers 401: a valid token is needed: send Authorization: Bearer")
    assert "tg_a-token" not in told
    copied = ingest(tallygraph, served.url, *files, token="tg_a-token\n")
    assert copied.ended() == 1
    assert copied.errors == "tallygraph: The token has characters that no token has: was all of it copied, and nothing else?\n"


def test_a_file_that_cannot_be_read_is_told(tallygraph: Commands, tmp_path: Path):
    url = f"http://127.0.0.1:{free_port()}"
    told = failure(ingest(tallygraph, url, tmp_path / "[bold]nothing"))
    assert told == f"{tmp_path}/[bold]nothing: No such file or directory. What was before is recorded."


def test_without_a_file_it_says_how_it_is_used(tallygraph: Commands):
    assert tallygraph.run("ingest", "--token", ADMIN).ended() != 0


@contextmanager
def stumbling_service(answers: list[tuple[int, Any]]) -> Iterator[str]:
    """A service that gives these answers, one for each connection."""

    def answer() -> None:
        for status, content in answers:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as stream:
                length = 0
                while header := stream.readline().strip():
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                stream.read(length)
                body = json.dumps(content).encode()
                stream.write(b"HTTP/1.1 %d x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_what_fails_in_passing_is_tried_again(tallygraph: Commands, files: list[Path]):
    receipt = {"recorded": 1, "duplicates": 0, "conflicts": [], "rejected": [], "position": "p"}
    busy = {"error": {"code": "SERVICE_UNAVAILABLE", "message": "try again later"}}
    with stumbling_service([(503, busy), (200, receipt)]) as url:
        sent = ingest(tallygraph, url, files[2])
    assert sent.ended() == 0
    assert f"{url} answers 503: try again later\n" in sent.errors
    assert "1 recorded, 0 known already, 0 refused\n" in sent.errors


def test_what_another_service_answers_is_told(tallygraph: Commands, files: list[Path]):
    with stumbling_service([(404, "nothing here")]) as url:
        assert failure(ingest(tallygraph, url, files[2])).startswith(f'{url} answers 404: "nothing here". ')
