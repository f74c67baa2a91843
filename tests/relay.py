"""A network link for tests: a relay on 127.0.0.1 that can be slow or cut."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType

Change = Callable[[bytes], "bytes | None"]


class Relay:
    """Forwards connections to a port; a context manager.

    Attributes:
        delay: seconds that each piece of data takes.
        reply: changes what comes back from the server; if it returns None, the link is cut there.
    """

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self._silent: set[socket.socket] = set()
        self.reply: Change = bytes
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._ends: set[socket.socket] = set()
        self._closed = False

    def __enter__(self) -> Relay:  # noqa: PYI034 - Self is not in 3.10's typing
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closed = True
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset every connection; new ones are accepted."""
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)

    def silence(self) -> None:
        """Pass nothing more on the connections that exist; they stay open."""
        self._silent.update(self._ends)

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                continue
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        ends = {client: server, server: client}
        self._ends.update(ends)
        with client, server, selectors.DefaultSelector() as ready, contextlib.suppress(OSError):
            for one in ends:
                ready.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    assert isinstance(key.fileobj, socket.socket)
                    end = key.fileobj
                    data: bytes | None = end.recv(1 << 16)
                    if data and end in self._silent:
                        continue
                    time.sleep(self.delay)
                    if data and end is server:
                        data = self.reply(data)
                    if not data:
                        return
                    ends[end].sendall(data)
        self._ends.difference_update(ends)
