"""Raw sockets in front of the web process: what no browser and no library would ever send."""

import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What came back for the first request; status 0 when the connection closed without a word."""

    status: int
    body: str
    seconds: float


def exchange(port: int, *pieces: bytes, pause: float = 0, ends: bool = True, patience: float = 30) -> Answer:
    """Send the pieces, ``pause`` seconds apart, and read what comes.

    ``ends``: say that nothing more will come, as a connection does that breaks off; else wait in silence.
    """
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as wire:
        # A server that has heard enough closes while we are still talking.
        with suppress(ConnectionError):
            for number, piece in enumerate(pieces):
                time.sleep(pause if number else 0)
                wire.sendall(piece)
            if ends:
                wire.shutdown(socket.SHUT_WR)
        raw = _read(wire)
    head, _blank, body = raw.partition(b"\r\n\r\n")
    status = int(head.split(maxsplit=2)[1]) if head else 0
    return Answer(status, body.decode(errors="replace"), time.monotonic() - started)


def _read(wire: socket.socket) -> bytes:
    data = b""
    with suppress(ConnectionError):
        while part := wire.recv(65536):
            data += part
    return data


def head(
    path: str = "/gui-tin/",
    *lines: bytes,
    length: int | None = None,
    content_type: bytes = b"application/x-www-form-urlencoded",
    method: bytes = b"POST",
) -> bytes:
    """The head of a request that wants the connection closed after it."""
    fields = [b"Host: 127.0.0.1", b"Connection: close", b"Content-Type: " + content_type, *lines]
    if length is not None:
        fields.append(b"Content-Length: %d" % length)
    return b"\r\n".join([b"%s %s HTTP/1.1" % (method, path.encode()), *fields]) + b"\r\n\r\n"


def chunked(body: bytes, size: int = 1000) -> bytes:
    """A body in chunks, as it is sent by whoever does not know its length."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def multipart(
    fields: dict[str, str], files: Sequence[tuple[bytes, bytes]] = (), *, end: bytes = b"--b--\r\n"
) -> bytes:
    """A form with files (name and content), between lines of ``b``."""
    start = b'--b\r\nContent-Disposition: form-data; name="%s"'
    parts = [start % name.encode() + b"\r\n\r\n" + value.encode() for name, value in fields.items()]
    parts += [
        start % b"files" + b'; filename="%s"\r\nContent-Type: image/jpeg\r\n\r\n' % name + content
        for name, content in files
    ]
    return b"\r\n".join(parts) + b"\r\n" + end


MULTIPART = b"multipart/form-data; boundary=b"
