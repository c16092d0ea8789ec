"""Every limit on what comes in, by name. Passing one gives an error that says which."""

from datetime import UTC, datetime, timedelta

MAX_EVENTS_PER_BATCH = 10_000
MAX_SPANS_PER_BATCH = 100_000  # of traces, whether of requests or not, with the groups that they come in
MAX_OBJECTS_PER_BATCH = 4_000_000  # of traces in JSON: each takes memory before anybody can count spans
MAX_FIELDS_PER_SPAN = 10_000  # of a span in protobuf, those of its attributes too
MAX_SPANS_ABOVE = 64  # a span, to look for one that tells the same request
MAX_BODY_BYTES = 32 * 1024 * 1024  # as sent
MAX_EXPANDED_BODY_BYTES = 256 * 1024 * 1024  # after gzip or zstd
MAX_BODY_SECONDS = 120.0  # from the first byte of a body to its last
MAX_PAUSE_SECONDS = 15.0  # without a byte of a body
MAX_BODIES_IN_FLIGHT = 200  # being read, expanded, prepared or recorded by one process
MAX_BODIES_IN_FLIGHT_PER_ACCOUNT = 100  # of these, those of one account, or sent with one token of all accounts
SMALL_BODY_BYTES = 1024 * 1024  # so much of every body is let in whatever the large ones hold
MAX_SENT_BYTES_IN_FLIGHT = 128 * 1024 * 1024  # of bodies as sent, beyond that
MAX_EXPANDED_BYTES_IN_FLIGHT = 384 * 1024 * 1024  # of bodies after gzip or zstd; while one expands, it may become the largest there is
MAX_TURN_SECONDS = 10.0  # that a large body waits until the others have left it room to expand
MAX_EVENT_BYTES = 1024 * 1024  # of one report
MAX_SPOOL_BYTES = 1024 * 1024 * 1024  # of bodies that wait on disk while the log cannot be written
MAX_KEPT_BYTES = 64 * 1024  # of one report that says more than we know, and is kept whole
MAX_STRING_BYTES = 1024  # UTF-8
MAX_ERROR_MESSAGE_BYTES = 8 * 1024  # longer ones are cut, with CUT_MARK
CUT_MARK = " … [cut]"
MAX_CATEGORIES_PER_SIDE = 64
MAX_QUANTITY = 2**53
MIN_BIG_INT, MAX_BIG_INT = -(2**63), 2**63 - 1  # that an answer tells
MAX_REQUEST_ID_CHARACTERS = 128  # of the header X-Request-Id
MAX_DURATION_MS = 10_000_000_000.0  # 115 days: its nanoseconds fit 64 bits, and so does a day of them
MAX_COST_CHARACTERS = 64
MAX_PRICE_INTEGER_DIGITS = 12
MAX_PRICE_FRACTION_DIGITS = 30
MAX_COST_INTEGER_DIGITS = 18
MAX_COST_FRACTION_DIGITS = 40
MAX_GPUS = 1_000_000  # of one deployment
MAX_VERSION = 1_000  # of one request: every change reads those before it
MAX_MODELS_PER_RENEWAL = 1_000
MAX_REJECTED_BYTES_PER_ACCOUNT = 1024**3  # of reports that could not be understood, kept aside
MAX_CONFLICT_BYTES_PER_ACCOUNT = 256 * 1024**2  # of reports that bear the name of another content, kept aside with that
NANOSECONDS_PER_MILLISECOND = 1_000_000

EARLIEST_TIME = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_TIME = datetime(2200, 1, 1, tzinfo=UTC)  # of what may be far ahead, such as a price
MAX_CLOCK_LEAD = timedelta(days=1)  # how far `time` may be ahead of our clock
