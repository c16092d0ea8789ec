"""What can keep the service from running, as errors with one clear sentence each."""

INTERRUPTED = 130  # the exit code that shells know


class StartError(Exception):
    """Raised when the service cannot start; the message says what happened, to which thing, and what to do."""

    exit_code = 1


class DatabaseUnavailableError(StartError):
    """Raised when there is no database to work with."""


class SettingError(StartError):
    """Raised when a setting cannot be understood."""


class PortInUseError(StartError):
    """Raised when another process listens where we should."""
