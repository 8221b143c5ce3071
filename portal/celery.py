"""The Celery application. Tasks live in each app's ``tasks.py``."""

import logging.config
import os
import threading
import time
import warnings
from typing import Any

import structlog
from celery import Celery, Task, signals
from celery.exceptions import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

REQUEST_ID_HEADER = "portal_request_id"
logger = structlog.get_logger(__name__)
# When the task of this thread began.
_running = threading.local()

# Celery warns root of pickled messages; only JSON is accepted here, and a trial in a container is root.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def _use_our_logging(**kwargs: Any) -> None:
    """Celery writes through the portal's own configuration, which keeps personal data out."""
    from django.conf import settings  # noqa: PLC0415 (settings load after the application exists)

    logging.config.dictConfig(settings.LOGGING)


@signals.before_task_publish.connect
def _pass_request_id_on(headers: dict[str, Any], **kwargs: Any) -> None:
    """A task carries the id of the request it came from, so that both are found by one search."""
    headers[REQUEST_ID_HEADER] = structlog.contextvars.get_contextvars().get("request_id")


@signals.before_task_publish.connect(sender="portal.heartbeat")
def _note_beat(**kwargs: Any) -> None:
    """Nobody but beat announces the heartbeat, so its announcement is beat's own sign of life."""
    from portal import heartbeat  # noqa: PLC0415 (settings load after the application exists)

    heartbeat.note(heartbeat.BEAT)


@signals.task_prerun.connect
def _take_request_id_up(task: Task, **kwargs: Any) -> None:
    """What a task logs carries its name and the id of its request."""
    _running.since = time.monotonic()
    structlog.contextvars.clear_contextvars()
    request_id = getattr(task.request, REQUEST_ID_HEADER, None)
    structlog.contextvars.bind_contextvars(
        task=task.name, **({"request_id": request_id} if request_id else {})
    )


@signals.task_postrun.connect
def _put_down(task: Task, **kwargs: Any) -> None:
    """Forget the task's name, and log one that took longer than the broker is sure to wait for.

    A thread can be watched, not stopped.
    """
    from django.conf import settings  # noqa: PLC0415 (settings load after the application exists)

    seconds = time.monotonic() - getattr(_running, "since", time.monotonic())
    if seconds > settings.LONGEST_TASK_SECONDS:
        logger.warning("task_overran", seconds=round(seconds), limit=settings.LONGEST_TASK_SECONDS)
    structlog.contextvars.clear_contextvars()


@signals.worker_init.connect
@signals.beat_init.connect
def _require_usable_keys(**kwargs: Any) -> None:
    """A worker or beat that could not read or keep a tip does not start, like the web process."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 (applications load later)

    from portal.crypto.checks import require_usable_keys  # noqa: PLC0415 (its models load after them)

    try:
        require_usable_keys()
    except ImproperlyConfigured as error:
        # Celery logs errors of its signals and goes on.
        raise SystemExit(str(error)) from None


@signals.celeryd_init.connect
@signals.beat_init.connect
def _start_embedded_broker(**kwargs: Any) -> None:
    """A worker or beat that runs alone brings the embedded broker with it and keeps it alive."""
    from django.conf import settings  # noqa: PLC0415 (settings load after the application exists)

    from portal import broker  # noqa: PLC0415 (only where the embedded broker is used)

    if settings.USES_EMBEDDED_BROKER:
        broker.ensure_running(settings.VAR_DIR)
        broker.keep_running(settings.VAR_DIR)
