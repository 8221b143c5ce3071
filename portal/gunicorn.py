"""Gunicorn's configuration: threads for waiting on files and the database, two processes for two cores."""

import ctypes
import gc
import socket
import struct
import sys
from typing import Any

from gunicorn import glogging

from portal.environment import empty_upload_dir, integer, load_env_file, text

load_env_file()

PR_SET_DUMPABLE = 4
if sys.platform == "linux" and text("IDENTITY_PRIVATE_KEY"):
    # The process that holds the key to contacts: other processes of the same user read neither its memory nor
    # its environment, and no core file of it is written.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)

bind = f"{text('WEB_HOST', '127.0.0.1')}:{integer('WEB_PORT', default=8000)}"
worker_class = "gthread"
workers = integer("WEB_WORKERS", default=2)
threads = integer("WEB_THREADS", default=4)
# The application is imported once and forked: half the memory, half the start.
preload_app = True
timeout = 30
graceful_timeout = 10
keepalive = 5
# Whoever says nothing for so long in the middle of a request holds one of few threads for nothing.
WAIT_SECONDS = integer("WEB_WAIT_SECONDS", default=20)
# An access log would hold the addresses of people who send tips.
accesslog = None
# Warnings of a malformed request name the peer's address.
loglevel = "error"


class Logger(glogging.Logger):
    """Gunicorn's, silent about those who fell silent."""

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(sys.exc_info()[1], BlockingIOError):
            super().exception(msg, *args, **kwargs)


logger_class = Logger


def on_starting(_server: Any) -> None:
    """Gunicorn's hook before the first worker: no upload of an earlier life stays in plain on the disk.

    What the application has loaded stays for good: no worker needs to look through it for garbage again, and
    its memory stays shared.
    """
    empty_upload_dir()
    gc.collect()
    gc.freeze()


def when_ready(server: Any) -> None:
    """Gunicorn's hook once it listens: connections inherit how long they may be silent."""
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", WAIT_SECONDS, 0))
