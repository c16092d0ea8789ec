"""The dashboard and GraphiQL: files that `web/hatch_build.py` has made of web/, held in memory and sent as they are."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

FOLDER = Path(__file__).parent / "static"
SECTIONS = ("/", "/routers", "/deployments", "/history", "/bill", "/jobs")  # addresses of the one page, which looks at them itself
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # whatever the system calls them
FOREVER = "public, max-age=31536000, immutable"  # names of assets tell their content
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
GRAPHIQL_HEADERS = {
    # As strict, but for styles that its editor and dialogs write, and for pictures and fonts within its style sheet.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Vary": "Accept, Accept-Encoding",  # queries are asked at the same address
}
MISSING = b"<!doctype html><title>Tallygraph</title><p>The dashboard has not been built: install Tallygraph again. The API works."


class Asset(NamedTuple):
    """One file."""

    content: bytes
    packed: bytes | None  # with gzip
    media_type: str
    etag: str


class Dashboard:
    """Serves what is in a folder, which does not change while it does."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The page at every address of its sections, and what it loads."""
        pages = [Route(path, self._page) for path in SECTIONS]
        return [*pages, *(Route(path, self._asset) for path in ("/icon.svg", "/assets/{name}", "/graphiql/assets/{name}"))]

    def graphiql(self, request: Request) -> Response:
        """The page that a browser gets at the address of GraphQL."""
        response = self._sent_page(request, "/graphiql/index.html")
        response.headers.update(GRAPHIQL_HEADERS)
        return response

    def used_up(self, request: Request) -> Response | None:
        """The page of a sign-in link that does not work any more, for who reads pages."""
        found = self._files.get("/used-up.html")
        if found is None or "text/html" not in request.headers.get("accept", ""):
            return None
        return Response(found.content, 403, {**HEADERS, "Cache-Control": "no-store", "Vary": "Accept"}, found.media_type)

    async def _page(self, request: Request) -> Response:
        return self._sent_page(request, "/index.html")

    def _sent_page(self, request: Request, path: str) -> Response:
        return _sent(request, self._files.get(path) or Asset(MISSING, None, "text/html", '"missing"'), "no-cache")

    async def _asset(self, request: Request) -> Response:
        found = self._files.get(request.url.path)
        if found is None:
            raise HTTPException(404)
        return _sent(request, found, FOREVER if "/assets/" in request.url.path else "no-cache")

    @cached_property
    def _files(self) -> dict[str, Asset]:
        """By path. Read once: a folder that is replaced while we serve does not mix old files with new ones."""
        paths = [path for path in self._folder.rglob("*") if path.suffix in TYPES]
        return {f"/{path.relative_to(self._folder).as_posix()}": _read(path) for path in paths}


def _read(path: Path) -> Asset:
    content, packed = path.read_bytes(), path.with_name(f"{path.name}.gz")
    return Asset(content, packed.read_bytes() if packed.exists() else None, TYPES[path.suffix], f'"{sha256(content).hexdigest()[:32]}"')


def _sent(request: Request, asset: Asset, caching: str) -> Response:
    headers = {**HEADERS, "Cache-Control": caching, "ETag": asset.etag, "Vary": "Accept-Encoding"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.content, headers=headers, media_type=asset.media_type)
