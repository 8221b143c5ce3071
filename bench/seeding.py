"""What a database is filled with: groups, sent broadcasts with their deliveries, tips with their thread."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import cache

from django.db import connection, models, transaction
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
from tips.enums import Category, EventKind, Outcome, Priority, TipStatus
from tips.models import Contact, Message, Tip, TipEvent, TipTerm
from tips.services.additions import TERMS_PURPOSE
from tips.services.intake import CONTACT_BYTES

YEARS = 3
# A broadcast goes to a twentieth of the groups: those of a few communes.
AUDIENCE_SHARE = 20
GROUPS_PER_ACCOUNT = 60
CONTACT_EVERY, ANSWERED_EVERY, VALUABLE_EVERY = 4, 2, 50
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
# P0 to P4, in hundredths.
PRIORITIES = (1, 9, 30, 50, 10)
# Beyond so many, tips are copies of those before them, made by the database: their sentences repeat, what
# the lists read (ids, dates, units, digests) does not.
WRITTEN_ONE_BY_ONE = 10_000
COPIED = (TipTerm, TipEvent, Message, Contact)
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
    "is_valuable",
    "valued_by",
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
        first, end = rows.next_id(Tip), rows.next_id(Tip) + count
        base = min(count, WRITTEN_ONE_BY_ONE)
        written = self._write_tips(first, base)
        with _in_bulk() if base < count else nullcontext():
            for start in range(first + base, end, base):
                written += _copy_tips(first, start, min(base, end - start))
        rows.reset_sequences(Tip)
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        return written

    def _write_tips(self, first: int, count: int) -> int:
        written, chunk = 0, rows.BATCH
        for start in range(first, first + count, chunk):
            tips = [self._tip(number) for number in range(start, min(start + chunk, first + count))]
            written += rows.write(Tip, TIP_FIELDS, tips)
            written += rows.write(TipTerm, ("tip", "term"), _terms(tips))
            written += rows.write(TipEvent, ("tip", "kind", "at"), _events(tips))
            written += rows.write(Message, ("tip", "author", "text", "at"), self._answers(tips))
            written += rows.write(Contact, ("tip", "sealed"), self._contacts(tips))
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
        (priority,) = self.random.choices(Priority.values, PRIORITIES)
        what = (category, category, priority)
        where = (village.parent_id, village.pk, village.parent_id)
        said = (self.writer.tip(), self.writer.spot(), at, at + timedelta(days=3))
        named = number % CONTACT_EVERY == 0
        judged = (True, self.world.approver.pk) if number % VALUABLE_EVERY == 0 else (False, None)
        return (number, f"S{number:08d}", digest, *what, *where, *said, status, outcome, not named, *judged)

    def _answers(self, tips: list[tuple]) -> Iterator[tuple]:
        text = "Cảm ơn Quý công dân. Công an xã đã nhận và đang xác minh, sẽ trả lời tại trang này."
        for tip in tips[::ANSWERED_EVERY]:
            yield tip[0], self.world.author.pk, text, tip[11]

    def _contacts(self, tips: list[tuple]) -> Iterator[tuple]:
        for tip in tips:
            if not tip[15]:
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


@contextmanager
def _in_bulk() -> Iterator[None]:
    """Copied rows point to rows that are there: keys are not asked for, and words are indexed at the end."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        # Indexing fifty million words takes minutes.
        cursor.execute("SET statement_timeout = 0; SET maintenance_work_mem = '512MB'")
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        if cursor.fetchone()[0]:
            cursor.execute("SET session_replication_role = replica")
        constraints = connection.introspection.get_constraints(cursor, TipTerm._meta.db_table)
        key = next(name for name, constraint in constraints.items() if constraint["primary_key"])
        cursor.execute(f'ALTER TABLE {TipTerm._meta.db_table} DROP CONSTRAINT "{key}"')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {TipTerm._meta.db_table} ADD PRIMARY KEY (term, tip_id)")
            cursor.execute(
                "RESET session_replication_role; RESET maintenance_work_mem; RESET statement_timeout"
            )


def _copy_tips(first: int, start: int, count: int) -> int:
    """Copy ``count`` tips from the id ``first`` on, with all that hangs on them, to ids from ``start`` on."""
    step, written = start - first, 0
    # A copy keeps what was said, when and where; who holds a receipt of it nobody knows.
    new = {
        "id": f"id + {step}",
        "public_id": _text(f"id + {step}", "S", 8),
        "receipt_digest": _text(f"id + {step}", "", 64),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for model, key, values in (
            (Tip, "id", new),
            *((model, "tip_id", {"tip_id": f"tip_id + {step}"}) for model in COPIED),
        ):
            cursor.execute(_copying(model, key, values), [first, first + count])
            written += cursor.rowcount
    return written


def _copying(model: type[models.Model], key: str, values: dict[str, str]) -> str:
    """INSERT ... SELECT of the rows with ``key`` in a range; ``values``: columns that are not copied."""
    quote = connection.ops.quote_name
    columns = [
        field.column
        for field in model._meta.concrete_fields
        if not field.generated and (field.column in values or not field.primary_key)
    ]
    named = ", ".join(quote(column) for column in columns)
    read = ", ".join(values.get(column, quote(column)) for column in columns)
    table = quote(model._meta.db_table)
    return f"INSERT INTO {table} ({named}) SELECT {read} FROM {table} WHERE {key} >= %s AND {key} < %s"


def _text(number: str, head: str, width: int) -> str:
    """SQL: ``number`` as text of ``width`` digits after ``head``."""
    if connection.vendor == "postgresql":
        return f"'{head}' || lpad(({number})::text, {width}, '0')"
    return f"printf('{head}%%0{width}d', {number})"
