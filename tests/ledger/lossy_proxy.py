"""A line to Postgres that breaks at the worst moment: after a COMMIT was carried out, before its answer arrives."""

import socket
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

CHUNK = 65_536


class LossyProxy:
    """Passes everything on, on loopback, but for the answers that it was told to lose."""

    def __init__(self, database_url: str) -> None:
        parts = conninfo_to_dict(database_url)
        self._host, self._port = str(parts["host"]), int(parts.get("port") or 5432)
        self._to_lose = 0
        self._before = False
        self.lost = 0
        self._open = ExitStack()
        self._listener = socket.create_server(("127.0.0.1", 0))
        plain = {"sslmode": "disable", "gssencmode": "disable"}  # so that a COMMIT can be seen
        self.url = make_conninfo(database_url, host="127.0.0.1", port=self._listener.getsockname()[1], **plain)

    def lose_answers_to_commit(self, times: int = 1) -> None:
        """The next COMMITs are carried out, but nobody is told: the line breaks."""
        self._to_lose, self._before = times, False

    def lose_commits(self, times: int = 1) -> None:
        """The line breaks before the next COMMITs arrive: they are not carried out."""
        self._to_lose, self._before = times, True

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="lossy proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._open.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = self._connect()
                for each in (client, server):
                    self._open.callback(_hang_up, each)
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
                threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()

    def _connect(self) -> socket.socket:
        if self._host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(Path(self._host) / f".s.PGSQL.{self._port}"))
            return server
        return socket.create_connection((self._host, self._port))

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while request := client.recv(CHUNK):
                if b"COMMIT" in request and self._to_lose:
                    self._to_lose -= 1
                    self.lost += 1
                    _hang_up(client)  # first: then the answer finds nobody
                    if not self._before:
                        server.sendall(request)
                        server.shutdown(socket.SHUT_WR)  # ends the session when it has done what it was asked
                        return
                    break
                server.sendall(request)
        _hang_up(server)


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    with suppress(OSError):
        while answer := server.recv(CHUNK):
            client.sendall(answer)
    _hang_up(client)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
