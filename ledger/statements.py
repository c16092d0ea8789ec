"""What the recorder of the log says to Postgres. `{events}` and its like are names of tables."""

from psycopg.sql import SQL

APPEND_TIMEOUT_MS = 30_000  # of one statement: a stalled writer must not hold the others for ever
LOCK_TIMEOUT_MS = 20_000

CREATE = (
    """
    CREATE TABLE IF NOT EXISTS {events} (
        originator_id uuid NOT NULL,
        originator_version bigint NOT NULL,
        topic text NOT NULL,
        state bytea NOT NULL,
        notification_id bigint NOT NULL,
        PRIMARY KEY (originator_id, originator_version)
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {events} (notification_id)",
    # A head that is updated by every append stays one page: its dead versions are pruned in place.
    """
    CREATE TABLE IF NOT EXISTS {head} (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        position bigint NOT NULL,
        recorded_at timestamptz NOT NULL,
        digest bytea NOT NULL
    ) WITH (fillfactor = 10)""",
    "INSERT INTO {head} VALUES (true, 0, 'epoch', '\\x') ON CONFLICT DO NOTHING",
    """
    CREATE TABLE IF NOT EXISTS {appends} (
        position bigint PRIMARY KEY,
        recorded_at timestamptz NOT NULL,
        digest bytea NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS {appends_by_time} ON {appends} (recorded_at)",
)
SETTINGS = SQL(
    "SELECT set_config('statement_timeout', {}, true), set_config('lock_timeout', {}, true), set_config('synchronous_commit', 'on', true)"
).format(str(APPEND_TIMEOUT_MS), str(LOCK_TIMEOUT_MS))
LOCK = "SELECT position, digest FROM {head} FOR UPDATE"
LOCK_IF_FREE = f"{LOCK} NOWAIT"
# The beginning of a state tells a duplicate from a conflict; the whole of a large one would be read for nothing.
FIND = "SELECT uuid_send(originator_id), originator_version, substring(state FROM 1 FOR 17) FROM {events} WHERE originator_id = ANY(%b)"
STATES = "SELECT uuid_send(originator_id), originator_version, topic, state FROM {events} WHERE originator_id = ANY(%b)"
FIND_ONE = "SELECT notification_id, topic, state FROM {events} WHERE originator_id = %s AND originator_version = %s"
COPY = "COPY {events} (originator_id, originator_version, topic, state, notification_id) FROM STDIN (FORMAT BINARY)"
# An instant of the log never goes back, whatever the clock does.
ADVANCE = """
    UPDATE {head} SET position = %b, digest = %b,
        recorded_at = greatest(least(%b::timestamptz, clock_timestamp()), recorded_at)"""
LOG_APPEND = "INSERT INTO {appends} SELECT position, recorded_at, digest FROM {head}"
READ = """
    SELECT notification_id, uuid_send(originator_id), topic, state FROM {events}
    WHERE notification_id > %b ORDER BY notification_id LIMIT %b"""
HEAD = "SELECT position FROM {head}"
