"""One drain in a process: a second one would share its interpreter, and send nothing faster.

Drains of other processes share the load (``leases``). Whoever asks for a drain here while one runs is heard
by that one: mailboxes with urgent rows are looked for at once.
"""

import threading
import time


class Turn:
    """Whose turn it is in this process. Safe to use from many threads, each with one turn at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends_at = 0.0
        self._is_asked = False
        self._holder = 0

    def begin(self, seconds: float) -> bool:
        """Take the turn for at most ``seconds``: one that hangs must not keep its process from sending.

        False while another has it, which is told.
        """
        with self._lock:
            if time.monotonic() < self._ends_at:
                self._is_asked = True
                return False
            self._ends_at, self._is_asked = time.monotonic() + seconds, False
            self._holder = threading.get_ident()
            return True

    def end(self) -> bool:
        """Give the turn back; True when somebody asked for it and was not yet heard.

        Nothing happens when the turn was over and another thread has begun the next.
        """
        with self._lock:
            if self._holder != threading.get_ident():
                return False
            self._ends_at, was_asked = 0.0, self._is_asked
            return was_asked

    def hear(self) -> bool:
        """Whether somebody asked for a drain since the last time."""
        with self._lock:
            was_asked, self._is_asked = self._is_asked, False
            return was_asked


turn = Turn()
