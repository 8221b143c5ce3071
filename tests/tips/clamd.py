"""A small server that speaks clamd's INSTREAM and finds the EICAR test string, for tests."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Split, so that no scanner takes this source for the test file itself.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = b"stream: Eicar-Test-Signature FOUND\0"
TOO_LARGE = b"INSTREAM size limit exceeded. ERROR\0"


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        if self.server.hangs:
            while self.request.recv(65536):
                pass
            self.server.given_up += 1
            return
        command = b"zINSTREAM\0"
        if self._exactly(len(command)) != command:
            self.request.sendall(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while size := struct.unpack("!I", self._exactly(4))[0]:
            content += self._exactly(size)
            if len(content) > self.server.limit:
                self.request.sendall(TOO_LARGE)
                return
        self.server.scanned.append(content)
        self.request.sendall(FOUND if EICAR in content else b"stream: OK\0")

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.request.recv(size - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    limit = 25_000_000
    # Takes everything and never answers; how many clients stopped waiting for it.
    hangs = False
    given_up = 0

    def handle_error(self, request, client_address) -> None:
        """A client that goes away in the middle is what some tests do."""


class _UnixServer(_Server):
    address_family = socket.AF_UNIX


@contextmanager
def running(path: Path | None = None) -> Iterator[_Server]:
    """The server on a port of its own, or on a unix socket; ``address`` is what CLAMAV_ADDRESS takes."""
    server = _UnixServer(str(path), _Handler) if path else _Server(("127.0.0.1", 0), _Handler)
    server.scanned = []
    server.address = str(path) if path else f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
