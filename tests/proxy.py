"""A TCP proxy that misbehaves on demand: between the site and a store, under a test's hand."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit


class FaultProxy:
    """Forwards bytes to `target`; `refuse()` breaks off, `freeze()` is silent, `heal()` forwards again."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._flowing = threading.Event()
        self._flowing.set()
        self._listener: socket.socket | None = None
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._address = ("127.0.0.1", 0)
        self._listen()

    @property
    def port(self) -> int:
        return self._address[1]

    def url(self, url: str) -> str:
        """The store's URL, by way of this proxy."""
        parts = urlsplit(url)
        credentials, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{credentials}{at}127.0.0.1:{self.port}"))

    def refuse(self) -> None:
        """As if the server were gone: new connections are refused, old ones break."""
        if self._listener:
            # A closed listener alone would keep accepting in the thread that waits on it.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            for pair in self._pairs:
                for end in pair:
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """As if the server were stopped by SIGSTOP: connections stand, nothing moves."""
        self._flowing.clear()

    def heal(self) -> None:
        self._flowing.set()
        if self._listener is None:
            self._listen()

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self._address)
        listener.listen(128)
        self._address = listener.getsockname()
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near, listener), daemon=True).start()

    def _carry(self, near: socket.socket, listener: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        pair = (near, far)
        with self._lock:
            if self._listener is not listener:  # refused between its arrival and now
                near.close()
                far.close()
                return
            self._pairs.add(pair)
        with near, far, contextlib.suppress(OSError):
            for source, sink in self._readable(near, far):
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
        with self._lock:
            self._pairs.discard(pair)

    def _readable(
        self, near: socket.socket, far: socket.socket
    ) -> Iterator[tuple[socket.socket, socket.socket]]:
        while True:
            ready, _, _ = select.select([near, far], [], [])
            self._flowing.wait()
            for source in ready:
                yield source, far if source is near else near
