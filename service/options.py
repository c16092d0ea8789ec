"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

DataDir = Annotated[Path | None, Parameter(name="--data-dir", help="Where local data lives; TALLYGRAPH_DATA_DIR, or ./data.")]
Url = Annotated[str, Parameter(env_var="TALLYGRAPH_URL", help="Where the service is reached.")]
