"""Real data lies beside the repository: where it does not, its tests are left out, but for CI, where that is a failure."""

import os
from pathlib import Path

import pytest


def needed(what: str, folder: Path) -> Path:
    """The folder, if it is there; else the module that asks is skipped, or fails."""
    if not folder.is_dir():
        reason = f"the {what} are not at {folder}: name the folder of the data with TALLYGRAPH_TRACES"
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason, allow_module_level=True)
    return folder
