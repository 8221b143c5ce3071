"""For machines that watch the portal: ``/healthz``, ``/readyz`` and ``/metrics``.

``/healthz`` answers as long as the process does and asks nobody: a load balancer uses it, because a portal
without its broker still takes tips. ``/readyz`` names every part and answers 503 while one is missing: for
monitoring and for deployments. Each part has a time limit, so a hung server delays neither.
"""

import logging
from collections.abc import Callable

import redis
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from broadcasts.enums import DeliveryState
from broadcasts.models import Alarm, Delivery, Mailbox
from broadcasts.services import alarms, conditions
from broadcasts.services.dead_letters import dead_letters
from groups.enums import AccountState
from groups.models import OfficialAccount
from portal import heartbeat, parts
from portal.network import is_internal

logger = logging.getLogger(__name__)

MOST_COUNTED = 10_000

_migrated = False


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is alive."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Every part the portal needs, and whether it answers."""
    found = {name: _try(name, check) for name, check in PARTS.items()}
    is_ready = all(found.values())
    if found["database"] and found["migrations"]:
        alarms.watch_for_the_clock(timezone.now())
    age = heartbeat.age_seconds()
    body = {
        "status": "ready" if is_ready else "not ready",
        "parts": {name: "ok" if is_well else "failed" for name, is_well in found.items()},
        "heartbeat_seconds": None if age is None else round(age),
        "heartbeat_late": heartbeat.is_late(),
    }
    return JsonResponse(body, status=200 if is_ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges in Prometheus' text format, for the internal network and staff administrators."""
    if not (is_internal(request) or request.user.is_staff):
        raise PermissionDenied
    return HttpResponse(generate_latest(_gauges()), content_type=CONTENT_TYPE_LATEST)


def database_answers() -> bool:
    """A query comes back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def is_migrated() -> bool:
    """The database has every migration of this code; once true it stays true for this process."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


PARTS: dict[str, Callable[[], bool]] = {
    "database": database_answers,
    "migrations": is_migrated,
    "broker": parts.broker_answers,
    "disk": parts.has_room,
}


def _try(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError) as error:
        logger.warning("part_unavailable: %s %s", name, type(error).__name__)
        return False


def _gauges() -> CollectorRegistry:
    registry, now = CollectorRegistry(), timezone.now()

    def gauge(name: str, text: str, value: float | None) -> None:
        Gauge(f"portal_{name}", text, registry=registry).set(float("nan") if value is None else value)

    ages = heartbeat.ages()
    urgent, routine = conditions.oldest_due(now)
    event_age = conditions.oldest_event_age(now)
    gauge("heartbeat_age_seconds", "Seconds since a worker was last at work", ages[heartbeat.WORKER])
    gauge("beat_age_seconds", "Seconds since beat last announced its work", ages[heartbeat.BEAT])
    gauge("queue_length", "Announcements waiting in the broker", parts.queue_length())
    gauge("oldest_due_delivery_seconds", "How long the oldest due delivery has waited", max(urgent, routine))
    gauge("oldest_urgent_delivery_seconds", "The same of urgent deliveries", urgent)
    gauge("oldest_zalo_event_seconds", "How long the oldest event has waited", event_age)
    gauge("unknown_deliveries", "Deliveries that an officer may have to settle", _unknown_deliveries())
    gauge("dead_letters", "Deliveries that wait for a person", _capped(dead_letters(now)))
    gauge("open_alarms", "Alarms whose cause is still there", Alarm.objects.open().count())
    stopped = OfficialAccount.objects.exclude(state=AccountState.ACTIVE).count()
    gauge("stopped_official_accounts", "Official accounts that cannot send", stopped)
    paused = Mailbox.objects.filter(paused_at__isnull=False).count()
    gauge("paused_mailboxes", "Mailboxes that somebody paused", paused)
    gauge("free_disk_bytes", "Free bytes where uploads are kept", parts.free_disk()[0])
    return registry


def _unknown_deliveries() -> int:
    return _capped(Delivery.objects.filter(state__among=[DeliveryState.UNKNOWN]))


def _capped(rows: QuerySet) -> int:
    """Nobody needs to know more than that there are very many."""
    return len(rows.order_by().values_list("pk")[:MOST_COUNTED])
