"""Hints to the workers. The rows are the truth: a hint that gets lost costs at most one tick of the beat."""

import logging
from functools import partial
from typing import Any

from django.db import transaction

logger = logging.getLogger(__name__)


def hint(task: Any, *args: Any, countdown: float | None = None) -> None:
    """Ask for ``task`` once the transaction is committed. Never raises: without a broker nothing is lost.

    Must stay outside the transaction it announces; ``on_commit`` sees to that, also when none is open.
    """
    transaction.on_commit(partial(_send, task, args, countdown), robust=True)


def hint_at_once(task: Any, *args: Any) -> None:
    """The same without a word to the database, for a thread that has no connection."""
    _send(task, args, None)


def _send(task: Any, args: tuple, countdown: float | None) -> None:
    try:
        task.apply_async(args=args, countdown=countdown, retry=False)
    except Exception as error:  # whatever kombu's transports raise; the beat repeats the hint
        logger.warning("hint_lost: %s (%s)", task.name, type(error).__name__)
