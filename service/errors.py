"""What can keep the service from running, as errors with one clear sentence each."""


class DatabaseUnavailableError(Exception):
    """Raised when there is no database to work with; the message says what happened, to which thing, and what to do."""
