"""The way to a program, which can be cut, or made long."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Stands before a broker and can swallow whatever comes: a cable that is cut, with no word to either end.

    Or it keeps back what comes, as a long way does.
    """

    def __init__(self, target: int):
        self.target = target
        self._is_cut = threading.Event()
        #: Connections that were made before this many were made say nothing more.
        self._stalled = 0
        self._made = 0
        self._may_pass = threading.Event()
        self._may_pass.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: set[socket.socket] = {self._listener}
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._is_cut.set()

    def stall(self) -> None:
        """Swallows what comes on the connections that there are, as a machine that hangs would; new ones go through."""
        self._stalled = self._made

    def mend(self) -> None:
        """Ends what was swallowed from: bytes are missing there."""
        self._is_cut.clear()
        for each in self._sockets - {self._listener}:
            self._end(each)

    def hold(self) -> None:
        self._may_pass.clear()

    def let_pass(self) -> None:
        self._may_pass.set()

    def passing(self, data: bytes) -> bytes:
        """What goes on in the place of what has come."""
        return data

    def close(self) -> None:
        self._may_pass.set()
        for each in list(self._sockets):
            self._end(each)

    def _end(self, each: socket.socket) -> None:
        self._sockets.discard(each)
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.add(client)
                self._made += 1
                threading.Thread(target=self._serve, args=(client, self._made), daemon=True).start()

    def _serve(self, client: socket.socket, number: int) -> None:
        try:
            broker = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            if not self._is_cut.is_set():
                self._end(client)
            return
        broker.settimeout(None)
        self._sockets.add(broker)
        threading.Thread(target=self._move, args=(broker, client, number), daemon=True).start()
        self._move(client, broker, number)

    def _swallows(self, number: int) -> bool:
        return self._is_cut.is_set() or number <= self._stalled

    def _move(self, one: socket.socket, other: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                self._may_pass.wait()
                if not self._swallows(number):
                    other.sendall(self.passing(data))
        if not self._swallows(number):
            self._end(one)
            self._end(other)
