"""What a test asks for inside the installation; called through ``tests.faults.console``."""

from collections import Counter

from django.core.files.base import ContentFile
from django.utils import timezone

from broadcasts.engine.store import MAX_READS
from broadcasts.models import Attempt, Broadcast, Delivery, Picture
from broadcasts.services import sending, sweep
from tests.factories import BroadcastFactory, GroupFactory, OfficialAccountFactory, make_area

# The smallest thing a viewer shows as a picture.
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def campaign(*, groups: int, accounts: int = 1, rate: int = 100_000, picture: bool = False) -> str:
    """An approved post that is due now, to ``groups`` groups of ``accounts`` accounts; returns its code."""
    area = make_area()
    owners = [
        OfficialAccountFactory(unit=area.commune_a, rate_per_minute=rate) for _number in range(accounts)
    ]
    for number in range(groups):
        GroupFactory(gmf=True, unit=area.village_a, official_account=owners[number % accounts])
    broadcast = BroadcastFactory(unit=area.commune_a, state="approved", due_at=timezone.now())
    if picture:
        broadcast.picture = Picture.objects.create(unit=area.commune_a, width=1, height=1)
        broadcast.picture.file.save("anh.jpg", ContentFile(JPEG))
        broadcast.save(update_fields=["picture"])
    return broadcast.code


def tick() -> None:
    """What the beat asks for, without a beat: start what is due, repair, wake a drain."""
    sending.start_due(timezone.now())
    sweep.sweep(timezone.now())


def states() -> dict[str, int]:
    """How many rows are in which state."""
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def broadcast_state(code: str) -> str:
    return Broadcast.objects.get(code=code).state


def questions() -> int:
    """Rows that only an officer can settle: the group was read as often as it helps."""
    return Delivery.objects.filter(state="unknown", reads__gte=MAX_READS).count()


def attempts() -> dict[str, int]:
    """How many calls ended how."""
    return dict(Counter(Attempt.objects.values_list("outcome", flat=True)))
