"""Where the service listens."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from service.errors import PortInUseError

BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Place:
    """An address of this machine."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - recognised, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


@contextmanager
def listening(place: Place) -> Iterator[socket.socket]:
    """A socket that accepts connections there. Raises PortInUseError."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((place.host, place.port))
            listener.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                message = f"{place.host}:{place.port} is in use by another program: choose another with --port."
            else:
                message = (
                    f"{place.host}:{place.port} cannot be used ({getattr(error, 'strerror', error)}): choose another with --host, --port."
                )
            raise PortInUseError(message) from None
        yield listener
