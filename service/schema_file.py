"""`tallygraph schema`: schema.graphql, the schema as clients see it, kept in the repository, so that a change of it is seen."""

import sys
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from graph.schema import sdl

FILE = Path("schema.graphql")


def schema(*, check: Annotated[bool, Parameter(negative="", help="Only say whether it is up to date.")] = False) -> None:
    """Write it; or compare, show what differs, and end with 1 if anything does."""
    if not check:
        FILE.write_text(sdl(), encoding="utf-8")
        return
    kept = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    difference = "".join(unified_diff(kept.splitlines(keepends=True), sdl().splitlines(keepends=True), "schema.graphql", "the code"))
    if difference:
        print(f"{difference}\nschema.graphql is not what the code says: run `tallygraph schema`.")  # noqa: T201
        sys.exit(1)
