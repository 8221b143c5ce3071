"""A word to the workers that events wait: at most one a second and process, and never in anybody's way.

The word is said with a delay, so one of them covers every event of the second that follows. It is published
from a thread of its own: a broker that is away or hangs costs the webhook nothing, and beat finds the events.
"""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from groups.tasks import process_events

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0

# Its thread starts with the first word, after the web server has forked.
_publisher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zalo-hint")
_lock = threading.Lock()
_last: Future | None = None
_next_at = 0.0


def work_waits() -> None:
    """Have ``process_events`` run in a second, unless that was asked for within the last one."""
    global _last, _next_at
    with _lock:
        now = time.monotonic()
        # One that is still being published shows a broker in trouble: asking again would only queue up.
        if now < _next_at or (_last is not None and not _last.done()):
            return
        _next_at = now + EVERY_SECONDS
        _last = _publisher.submit(_publish)


def _publish() -> None:
    try:
        process_events.apply_async(countdown=EVERY_SECONDS, retry=False)
    except Exception as error:  # whatever kombu's transports raise; beat finds the events
        logger.warning("hint_lost: %s (%s)", process_events.name, type(error).__name__)
