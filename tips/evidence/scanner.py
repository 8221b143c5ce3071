"""A client of ClamAV's daemon: one file a connection, by its command INSTREAM.

The bytes go over as they are decrypted; nothing is written where the daemon could read it. ``CLAMAV_ADDRESS``
is ``host:port`` or the path of a unix socket. See clamd(8).
"""

import socket
import struct
from collections.abc import Iterable

from django.conf import settings

CONNECT_SECONDS = 5
# For one answer or one write: a scan of 100 MB takes seconds, a daemon that loads its signatures a minute.
SCAN_SECONDS = 120
MOST_REPLY_BYTES = 4096
COMMAND = b"zINSTREAM\0"


class ScannerDownError(Exception):
    """The scanner cannot be reached or gave no verdict; the file has to wait. The message is safe to log."""


def scan(chunks: Iterable[bytes]) -> str:
    """The name of what the scanner found in the bytes, or "" for nothing.

    Raises ScannerDownError when there is no verdict: no connection, an error of the daemon (such as a file
    over its ``StreamMaxLength``), an answer that is no answer.
    """
    try:
        with _connect(settings.CLAMAV_ADDRESS) as connection:
            connection.settimeout(SCAN_SECONDS)
            _send(connection, chunks)
            return _verdict(_reply(connection))
    except OSError as error:
        raise ScannerDownError(type(error).__name__) from None


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(address)
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS)


def _send(connection: socket.socket, chunks: Iterable[bytes]) -> None:
    """Send everything; a daemon that stops reading has something to say, which the caller then reads."""
    try:
        connection.sendall(COMMAND)
        for chunk in chunks:
            if chunk:
                connection.sendall(struct.pack("!I", len(chunk)) + chunk)
        connection.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        return


def _reply(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < MOST_REPLY_BYTES:
        part = connection.recv(MOST_REPLY_BYTES)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0\n").decode("utf-8", "replace").strip()


def _verdict(reply: str) -> str:
    if reply == "stream: OK":
        return ""
    if reply.startswith("stream: ") and reply.endswith(" FOUND"):
        return reply.removeprefix("stream: ").removesuffix(" FOUND")[:120]
    raise ScannerDownError(reply[:80] or "no answer")
