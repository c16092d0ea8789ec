"""How the dashboard's files are sent. What they do is looked at in tests/dashboard."""

import gzip
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from service.dashboard import FOLDER, SECTIONS, Dashboard

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=[*Dashboard().routes]))
    async with httpx.AsyncClient(transport=transport, base_url="http://tallygraph.test", headers={"Accept-Encoding": "identity"}) as client:
        yield client


def assets() -> list[str]:
    return sorted(path.name for path in (FOLDER / "assets").iterdir() if path.suffix != ".gz")


@pytest.mark.parametrize("path", SECTIONS)
async def test_every_section_is_the_page_and_is_asked_for_anew(client: httpx.AsyncClient, path: str):
    page = await client.get(path)
    assert (page.status_code, page.headers["content-type"], page.headers["cache-control"]) == (200, "text/html; charset=utf-8", "no-cache")
    assert page.content == (FOLDER / "index.html").read_bytes()
    again = await client.get(path, headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_nothing_inline_runs_and_nothing_of_elsewhere(client: httpx.AsyncClient):
    policy = (await client.get("/")).headers["content-security-policy"]
    told = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert told["default-src"] == "'none'"
    assert {told[each] for each in ("script-src", "style-src", "connect-src", "img-src", "form-action")} == {"'self'"}
    page = (FOLDER / "index.html").read_text()
    assert "style=" not in page
    assert page.count("<script") == page.count('<script type="module" crossorigin src="/assets/') == 1


async def test_assets_are_kept_for_ever_and_sent_packed(client: httpx.AsyncClient):
    for name in assets():
        plain = await client.get(f"/assets/{name}")
        packed = await client.get(f"/assets/{name}", headers={"Accept-Encoding": "gzip, br"})
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert plain.headers["content-type"].split(";")[0] in ("text/javascript", "text/css")
        assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
        assert packed.content == plain.content == gzip.decompress((FOLDER / "assets" / f"{name}.gz").read_bytes())


async def test_graphiql_runs_nothing_inline_and_nothing_of_elsewhere():
    starlette = Starlette(routes=[Route("/graphql", Dashboard().graphiql)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(starlette), base_url="http://tallygraph.test") as client:
        page = await client.get("/graphql")
        assert (page.headers["cache-control"], page.headers["vary"]) == ("no-cache", "Accept, Accept-Encoding")
        again = await client.get("/graphql", headers={"If-None-Match": page.headers["etag"]})
        assert (again.status_code, again.headers["content-security-policy"]) == (304, page.headers["content-security-policy"])
    told = dict(each.strip().split(" ", 1) for each in page.headers["content-security-policy"].split(";"))
    assert (told["default-src"], told["script-src"], told["connect-src"]) == ("'none'", "'self'", "'self'")
    assert page.text.count("<script") == page.text.count('<script type="module" crossorigin src="/graphiql/assets/') == 1


async def test_what_graphiql_loads_is_kept_for_ever_and_sent_packed(client: httpx.AsyncClient):
    paths = [f"/graphiql/assets/{each.name}" for each in (FOLDER / "graphiql" / "assets").iterdir() if each.suffix != ".gz"]
    assert len(paths) == 2
    for path in paths:
        packed = await client.get(path, headers={"Accept-Encoding": "gzip"})
        assert (packed.headers["content-encoding"], packed.headers["cache-control"]) == ("gzip", "public, max-age=31536000, immutable")


@pytest.mark.parametrize(
    "path", ["/assets/nothing.js", "/assets/..%2f.stamp", "/.stamp", "/assets/%2e%2e/index.html", "/index.html", "/graphiql/index.html"]
)
async def test_nothing_else_of_the_folder_is_sent(client: httpx.AsyncClient, path: str):
    assert (await client.get(path)).status_code == 404


async def test_a_dashboard_that_was_not_built_says_so(tmp_path: Path):
    transport = httpx.ASGITransport(Starlette(routes=[*Dashboard(tmp_path).routes]))
    async with httpx.AsyncClient(transport=transport, base_url="http://tallygraph.test") as client:
        page = await client.get("/")
    assert (page.status_code, "has not been built" in page.text) == (200, True)


def test_a_wheel_holds_it(tmp_path: Path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT]
    subprocess.run(command, check=True, env={"PATH": "/usr/bin:/bin", "TALLYGRAPH_REQUIRE_DASHBOARD": "1"})
    (wheel,) = tmp_path.glob("*.whl")
    held = zipfile.ZipFile(wheel).namelist()
    assert {f"service/static/{path.relative_to(FOLDER).as_posix()}" for path in FOLDER.rglob("*") if path.is_file()} <= {*held}
