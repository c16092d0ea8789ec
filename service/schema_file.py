"""schema.graphql: the schema as clients see it, kept in the repository, so that a change of it is seen."""

from difflib import unified_diff
from pathlib import Path

from graph.schema import sdl

FILE = Path(__file__).parent.parent / "schema.graphql"


def write() -> int:
    """Write the file; the exit code."""
    FILE.write_text(sdl(), encoding="utf-8")
    return 0


def check() -> int:
    """Compare, and show what differs; the exit code."""
    kept = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    difference = "".join(unified_diff(kept.splitlines(True), sdl().splitlines(True), "schema.graphql", "the code"))
    if difference:
        print(f"{difference}\nschema.graphql is not what the code says: run `tallygraph schema`.")  # noqa: T201
    return 1 if difference else 0
