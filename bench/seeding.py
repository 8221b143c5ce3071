"""What a database is filled with: groups, sent broadcasts with their deliveries, tips with their thread."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache

from django.db import connection
from django.utils import timezone

from bench import rows, world
from bench.backends import require_bench_database
from bench.cli import Place
from bench.figures import single
from bench.vietnamese import Writer
from broadcasts.enums import BroadcastState, DeliveryState, PostKind
from broadcasts.models import Broadcast, Delivery
from groups.models import Group
from portal.crypto.digests import term_digests
from portal.crypto.sealed import seal
from portal.text import words
from tips.enums import Category, EventKind, Outcome, TipStatus
from tips.models import Contact, Message, Tip, TipEvent, TipTerm
from tips.services.additions import TERMS_PURPOSE
from tips.services.intake import CONTACT_BYTES

YEARS = 3
# A broadcast goes to a twentieth of the groups: those of a few communes.
AUDIENCE_SHARE = 20
GROUPS_PER_ACCOUNT = 60
CONTACT_EVERY, ANSWERED_EVERY = 4, 2
# Most are done with; one in two hundred is new.
STATUSES = (
    [TipStatus.CLOSED] * 120
    + [TipStatus.UNFOUNDED] * 30
    + [TipStatus.VERIFYING] * 24
    + [TipStatus.ACCEPTED] * 15
    + [TipStatus.ANSWERED] * 10
    + [TipStatus.NEW]
)
CATEGORIES = [category for category in Category.values if category != Category.CAN_BO]
TIP_FIELDS = (
    "id",
    "public_id",
    "receipt_digest",
    "category",
    "category_chosen",
    "priority",
    "unit",
    "village",
    "handler",
    "text",
    "place",
    "received_at",
    "deadline",
    "status",
    "outcome",
    "is_anonymous",
)


def measure(place: Place) -> None:
    """Fill the database and report rows a second of each kind."""
    require_bench_database(str(connection.settings_dict["NAME"]))
    options = place.options
    seeder = Seeder(Writer(options.seed), communes=options.communes)
    parts: list[tuple[str, Callable[[], int]]] = [
        ("groups", lambda: seeder.add_groups(options.groups)),
        ("deliveries", lambda: seeder.add_broadcasts(options.broadcasts)),
        ("tips", lambda: seeder.add_tips(options.tips)),
    ]
    for name, add in parts:
        started = time.perf_counter()
        count = add()
        rate = count / (time.perf_counter() - started)
        place.report.add(single(f"seed.{name}", f"rows/s ({count:,} rows)", rate))


class Seeder:
    """Writes rows that hang together. The count each method returns is of all rows it wrote."""

    def __init__(self, writer: Writer, *, communes: int):
        self.writer, self.random = writer, writer.random
        self.world = world.get_or_build(writer, communes=communes)
        self.now = timezone.now().replace(second=0, microsecond=0)

    def add_groups(self, count: int) -> int:
        """Groups of official accounts, one account for sixty groups."""
        return len(world.add_groups(self.world, count=count, accounts=-(-count // GROUPS_PER_ACCOUNT)))

    def add_broadcasts(self, count: int) -> int:
        """Broadcasts of the last three years, all sent, with a delivery for each group of their audience."""
        groups = list(Group.objects.order_by("pk").values_list("pk", "official_account_id"))
        share = max(1, len(groups) // AUDIENCE_SHARE)
        first = rows.next_id(Broadcast)
        moments = [self._moment() for _number in range(count)]
        names = ("id", "code", "kind", "title", "body", "unit", "author", "approver", "state", "text")
        times = ("created_at", "submitted_at", "approved_at", "due_at", "started_at", "finished_at")
        written = rows.write(
            Broadcast, (*names, *times), (self._broadcast(first + n, at) for n, at in enumerate(moments))
        )
        names = ("broadcast", "group", "account", "state", "attempts", "message_id")
        times = ("next_attempt_at", "settled_at", "created_at", "updated_at")
        written += rows.write(Delivery, (*names, *times), self._deliveries(first, moments, groups, share))
        rows.reset_sequences(Broadcast)
        return written

    def add_tips(self, count: int) -> int:
        """Tips with their search digests, time line, answers and sealed contacts."""
        first, written, chunk = rows.next_id(Tip), 0, rows.BATCH
        for start in range(first, first + count, chunk):
            tips = [self._tip(number) for number in range(start, min(start + chunk, first + count))]
            written += rows.write(Tip, TIP_FIELDS, tips)
            written += rows.write(TipTerm, ("tip", "term"), _terms(tips))
            written += rows.write(TipEvent, ("tip", "kind", "at"), _events(tips))
            written += rows.write(Message, ("tip", "author", "text", "at"), self._answers(tips))
            written += rows.write(Contact, ("tip", "sealed"), self._contacts(tips))
        rows.reset_sequences(Tip)
        return written

    def _broadcast(self, number: int, at: datetime) -> tuple:
        title, body = self.writer.post()
        code = f"TB-{at:%y%m}-{number:05d}"
        people = (self.world.province.pk, self.world.author.pk, self.world.approver.pk)
        facts = (number, code, PostKind.EDUCATION, title, body, *people, BroadcastState.DONE)
        return (*facts, f"{title}\n\n{body}\n{code}", *[at] * 6)

    def _deliveries(self, first: int, moments: list, groups: list, share: int) -> Iterator[tuple]:
        for number, at in enumerate(moments):
            start = self.random.randrange(len(groups) - share + 1)
            for group, account in groups[start : start + share]:
                yield (first + number, group, account, DeliveryState.SENT, 1, f"m{number}-{group}", *[at] * 4)

    def _tip(self, number: int) -> tuple:
        pick = self.random.choice
        village = pick(self.world.villages)
        status, category, at = pick(STATUSES), pick(CATEGORIES), self._moment()
        # Nobody holds a receipt with this digest; making real ones costs 3 ms each.
        digest = hashlib.sha256(b"bench %d" % number).hexdigest()
        outcome = Outcome.HANDLED if status == TipStatus.CLOSED else ""
        what = (category, category, self.random.randrange(1, 4))
        where = (village.parent_id, village.pk, village.parent_id)
        said = (self.writer.tip(), self.writer.spot(), at, at + timedelta(days=3))
        named = number % CONTACT_EVERY == 0
        return (number, f"S{number:08d}", digest, *what, *where, *said, status, outcome, not named)

    def _answers(self, tips: list[tuple]) -> Iterator[tuple]:
        text = "Cảm ơn Quý công dân. Công an xã đã nhận và đang xác minh, sẽ trả lời tại trang này."
        for tip in tips[::ANSWERED_EVERY]:
            yield tip[0], self.world.author.pk, text, tip[11]

    def _contacts(self, tips: list[tuple]) -> Iterator[tuple]:
        for tip in tips:
            if not tip[-1]:
                contact = {"name": self.writer.person(), "phone": self.writer.phone()}
                yield tip[0], seal(json.dumps(contact, ensure_ascii=False).encode().ljust(CONTACT_BYTES))

    def _moment(self) -> datetime:
        return self.now - timedelta(minutes=self.random.randrange(YEARS * 365 * 24 * 60))


def _terms(tips: list[tuple]) -> Iterator[tuple]:
    for tip in tips:
        for term in sorted({_digest(word) for word in words(f"{tip[9]}\n{tip[10]}")}):
            yield tip[0], term


@cache
def _digest(word: str) -> int:
    (digest,) = term_digests(TERMS_PURPOSE, [word])
    return digest


def _events(tips: list[tuple]) -> Iterator[tuple]:
    for tip in tips:
        yield tip[0], EventKind.RECEIVED, tip[11]
        if tip[13] != TipStatus.NEW:
            yield tip[0], EventKind.ACCEPTED, tip[11]
