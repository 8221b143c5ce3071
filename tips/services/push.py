"""Web push: ring the devices of people on duty through the push services of their browsers.

RFC 8030, 8291 and 8292. What is sent is one fixed word; the service worker says the rest. Addresses come from
browsers, so only known push services are talked to (``PUSH_HOSTS``), over https, without following redirects.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from django.conf import settings
from py_vapid import Vapid
from pywebpush import WebPushException, webpush

from tips.models import PushDevice
from tips.services.devices import is_push_service

RANG, FAILED, GONE, NOTHING = "rang", "failed", "gone", "nothing"
PAYLOAD = json.dumps({"what": "urgent"})
PATIENCE = (2, 4)  # seconds to connect, to answer
# An alarm that a phone gets an hour later is no alarm.
WORTH_SECONDS = 3600
AT_ONCE = 8
logger = logging.getLogger(__name__)


def ring(user_ids: Iterable[int]) -> dict[int, str]:
    """Ring all devices of these people. By person: RANG if one rang, FAILED if none did, NOTHING without one.

    Devices that their push service no longer knows are forgotten.
    """
    devices = list(PushDevice.objects.filter(user__in=list(user_ids))) if settings.VAPID_PRIVATE_KEY else []
    if not devices:
        return {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(devices, pool.map(_ring, devices), strict=True))
    gone = [device.pk for device, answer in answers.items() if answer == GONE]
    PushDevice.objects.filter(pk__in=gone).delete()
    by_user: dict[int, set[str]] = defaultdict(set)
    for device, answer in answers.items():
        by_user[device.user_id].add(answer)
    return {user: _best(found) for user, found in by_user.items()}


def _best(answers: set[str]) -> str:
    return next((answer for answer in (RANG, FAILED) if answer in answers), NOTHING)


def _ring(device: PushDevice) -> str:
    """One request to one push service; no database here, it runs in a thread of its own."""
    if not is_push_service(device.endpoint):
        return GONE
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    try:
        with _Session() as session:
            webpush(
                {"endpoint": device.endpoint, "keys": keys},
                PAYLOAD,
                vapid_private_key=Vapid.from_string(settings.VAPID_PRIVATE_KEY),
                vapid_claims={"sub": _subject()},
                ttl=WORTH_SECONDS,
                headers={"Urgency": "high", "Topic": "tin-khan"},
                timeout=PATIENCE,
                requests_session=session,
            )
    except WebPushException as error:
        status = error.response.status_code if error.response is not None else 0
        logger.warning("push_refused: %s", status)
        return GONE if status in (404, 410) else FAILED
    except (requests.RequestException, ValueError) as error:
        logger.warning("push_failed: %s", type(error).__name__)
        return FAILED
    return RANG


def _subject() -> str:
    """Whom a push service may write to about us."""
    if settings.PUBLIC_URL.startswith("https://"):
        return settings.PUBLIC_URL
    return f"mailto:{settings.DEFAULT_FROM_EMAIL}"


class _Session(requests.Session):
    """No push service sends us elsewhere."""

    def post(self, url: str, **kwargs: Any) -> requests.Response:
        return super().post(url, allow_redirects=False, **kwargs)
