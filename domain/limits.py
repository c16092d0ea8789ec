"""Every limit on what comes in, by name. Passing one gives an error that says which."""

from datetime import UTC, datetime, timedelta

MAX_EVENTS_PER_BATCH = 10_000
MAX_BODY_BYTES = 32 * 1024 * 1024  # as sent
MAX_EXPANDED_BODY_BYTES = 256 * 1024 * 1024  # after gzip or zstd
MAX_EVENT_BYTES = 1024 * 1024  # of one report
MAX_KEPT_BYTES = 64 * 1024  # of one report that says more than we know, and is kept whole
MAX_STRING_BYTES = 1024  # UTF-8
MAX_ERROR_MESSAGE_BYTES = 8 * 1024  # longer ones are cut, with CUT_MARK
CUT_MARK = " … [cut]"
MAX_CATEGORIES_PER_SIDE = 64
MAX_QUANTITY = 2**53
MAX_DURATION_MS = 10_000_000_000.0  # 115 days: its nanoseconds fit 64 bits, and so does a day of them
MAX_COST_CHARACTERS = 64
MAX_PRICE_INTEGER_DIGITS = 12
MAX_PRICE_FRACTION_DIGITS = 30
MAX_COST_INTEGER_DIGITS = 18
MAX_COST_FRACTION_DIGITS = 40
MAX_GPUS = 1_000_000  # of one deployment
MAX_VERSION = 1_000  # of one request: every change reads those before it
MAX_MODELS_PER_RENEWAL = 1_000
NANOSECONDS_PER_MILLISECOND = 1_000_000

EARLIEST_TIME = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_TIME = datetime(2200, 1, 1, tzinfo=UTC)  # of what may be far ahead, such as a price
MAX_CLOCK_LEAD = timedelta(days=1)  # how far `time` may be ahead of our clock
