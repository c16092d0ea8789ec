"""Two sets of the same read models compared, table by table, in the database: what needs more memory than it has goes to its disk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from projections import audit_differences
from projections.audit_differences import ROW
from projections.read_model import TABLES, Tables
from projections.router_facts import Range

NOT_OF_ONE_ACCOUNT = ("reratings",)  # sums over accounts
OF_AN_INSTANT = "occurred_at >= %(start)s AND occurred_at < %(end)s"
OF_A_BUCKET = "time < %(end)s AND time + make_interval(secs => grain) > %(start)s"
WITHIN = {  # which rows of a table are of a range; of the others, all are
    "history": OF_AN_INSTANT,
    "history_past": OF_AN_INSTANT,
    "router_buckets": OF_A_BUCKET,
    "router_lines": OF_A_BUCKET,
    "router_model_buckets": OF_A_BUCKET,
    "router_model_lines": OF_A_BUCKET,
    "deployment_buckets": OF_A_BUCKET,
}


Found = tuple[str, str, str, str | None, str | None]
"""Read model, key, field, replayed, materialised."""


@dataclass(frozen=True, slots=True)
class Table:
    """One read model: its columns, with their types, in order, and its key."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]

    def rows(self, tables: Tables) -> Composed:
        """Those that are compared."""
        conditions = ["account_id = %(account)s"] if "account_id" in self.columns else []
        if self.name in WITHIN:
            conditions.append(WITHIN[self.name])
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return SQL("SELECT * FROM {}").format(tables.identifiers()[self.name]) + SQL(where)  # pyright: ignore[reportArgumentType] - our own constants


def tables_of(connection: Connection[Any], tables: Tables) -> list[Table]:
    """Every table that can be compared for one account, as the catalog has it: a new one is never forgotten."""
    return [_table(connection, tables, name) for name in TABLES if name not in NOT_OF_ONE_ACCOUNT]


def _table(connection: Connection[Any], tables: Tables, name: str) -> Table:
    regclass = f'"{tables.schema}"."{name}_{tables.generation}"'
    columns = connection.execute(COLUMNS, [regclass]).fetchall()
    return Table(name, {column: type for column, type, _ in columns}, tuple(column for column, _, is_key in columns if is_key))


def parameters_of(account_id: UUID, range: Range) -> dict[str, Any]:
    """What the queries here take."""
    return {"account": account_id, "start": range.start, "end": range.end}


def digest_of(connection: Connection[Any], tables: Tables, compared: Iterable[Table], parameters: dict[str, Any]) -> str:
    """SHA-256 over all the rows, as texts, in the order of their keys: the same for the same figures, however they came about."""
    digest = sha256()
    for table in compared:
        digest.update(f"{table.name} {' '.join(table.columns)}\n".encode())
        values = SQL(", ").join(_canonical(name, type) for name, type in table.columns.items())
        keys = SQL(", ").join(map(Identifier, table.key))
        query = SQL("COPY (SELECT {} FROM ({}) AS rows ORDER BY {}) TO STDOUT").format(values, table.rows(tables), keys)
        with connection.cursor().copy(_bound(connection, query, parameters)) as copy:
            for part in copy:
                digest.update(part)
    return digest.hexdigest()


def _canonical(name: str, type: str) -> Composable:
    """A number without the zeros at its end, which tell how it was come by."""
    return SQL("trim_scale({})" if type == "numeric" else "{}").format(Identifier(name))


def _bound(connection: Connection[Any], query: Composed, parameters: dict[str, Any]) -> bytes:
    """COPY takes no parameters: these are instants and an identifier of ours."""
    text = query.as_string(connection)
    return (text % {name: Literal(value).as_string(connection) for name, value in parameters.items()}).encode()


class Differences:
    """Writes what differs, up to a number, and counts all of it."""

    def __init__(self, cursor: Cursor[Any], cell: str, account_id: UUID, audit_id: UUID) -> None:
        self.count = 0
        self._cursor = cursor
        self._of = {"account_id": account_id, "audit_id": audit_id}
        self._into = audit_differences.sql("{audit_differences}", cell)

    def add(self, found: Composable, parameters: dict[str, Any]) -> None:
        """What the query finds: read model, key, field, replayed, materialised, in that order, and in the order in which it finds it."""
        row = self._cursor.execute(
            SQL(KEEP).format(found=found, into=self._into),
            {**parameters, **self._of, "before": self.count, "limit": MAX_DIFFERENCES - min(self.count, MAX_DIFFERENCES)},
        ).fetchone()
        assert row is not None
        self.count += row[0]

    def add_rows(self, rows: Sequence[Found]) -> None:
        """The same of rows that are at hand."""
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
        self.add(SQL(AT_HAND), dict(zip(("models", "keys", "fields", "replayed", "materialised"), columns, strict=True)))


def differing(table: Table, replayed: Tables, materialised: Tables) -> Composed:
    """A query for what differs between two sets of one table. A row on one side alone is one difference, whole."""
    key = [SQL("coalesce(r.{0}, m.{0})").format(Identifier(name)) for name in table.key]
    shown = [
        part for name, each in zip(table.key, key, strict=True) if name != "account_id" for part in (Literal(name), SQL("{}").format(each))
    ]
    fields = [
        SQL("({number}, {name}, r.{column}::text, m.{column}::text, r.{column} IS DISTINCT FROM m.{column})").format(
            number=Literal(number), name=Literal(name), column=Identifier(name)
        )
        for number, name in enumerate(table.columns)
        if name not in table.key
    ]
    missing = SQL("(r.{0} IS NULL OR m.{0} IS NULL)").format(Identifier(table.key[0]))
    whole = SQL("(-1, {}, CASE WHEN m.{} IS NULL THEN to_jsonb(r)::text END, CASE WHEN r.{} IS NULL THEN to_jsonb(m)::text END, true)")
    return SQL(DIFFERING).format(
        name=Literal(table.name),
        key=SQL("json_build_object({})::text").format(SQL(", ").join(shown)),
        replayed=table.rows(replayed),
        materialised=table.rows(materialised),
        same_key=SQL(" AND ").join(SQL("r.{0} = m.{0}").format(Identifier(name)) for name in table.key),
        order=SQL(", ").join(key),
        values=SQL(", ").join([whole.format(Literal(ROW), Identifier(table.key[0]), Identifier(table.key[0])), *fields]),
        missing=missing,
    )


MAX_DIFFERENCES = 10_000  # of one audit that are kept; all are counted

COLUMNS = """
    SELECT attname::text, format_type(atttypid, NULL), coalesce(attnum = ANY(indkey), false)
    FROM pg_attribute LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
    ORDER BY array_position(indkey::int2[], attnum), attnum"""
DIFFERING = """
    SELECT {name} AS read_model, {key} AS key, field, replayed, materialised
    FROM ({replayed}) AS r FULL JOIN ({materialised}) AS m ON {same_key}
    CROSS JOIN LATERAL (VALUES {values}) AS of (number, field, replayed, materialised, differs)
    WHERE r IS DISTINCT FROM m AND differs AND (number < 0) = {missing}
    ORDER BY {order}, number"""
AT_HAND = """
    SELECT * FROM unnest(%(models)s::text[], %(keys)s::text[], %(fields)s::text[], %(replayed)s::text[], %(materialised)s::text[])
        AS found (read_model, key, field, replayed, materialised)"""
KEEP = """
    WITH found AS MATERIALIZED ({found}), numbered AS (SELECT *, row_number() OVER () AS number FROM found), kept AS (
        INSERT INTO {into} (account_id, audit_id, number, read_model, key, field, replayed, materialised)
        SELECT %(account_id)s, %(audit_id)s, %(before)s + number, read_model, key, field, replayed, materialised FROM numbered
        WHERE number <= %(limit)s
    )
    SELECT count(*) FROM found"""
