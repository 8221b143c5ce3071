"""How lists are measured: three people open every page of tips, beside the bare SQL of such a page."""

import logging
import re
import statistics
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from knox.models import AuthToken

from bench import world
from bench.backends import require_bench_database
from bench.cli import Place
from bench.figures import Figure, Series, single
from bench.seeding import Seeder
from bench.vietnamese import Writer
from groups.enums import Level, Role
from groups.models import Posting, Unit
from tips.enums import Category, TipStatus
from tips.models import Tip
from tips.querysets import BY_DEADLINE, NEWEST_FIRST, TipQuerySet

# A tenth first: what grows with the rows shows.
SMALL = 10
DISTRICT, COMMUNES_OF_DISTRICT = "ZH", 9
PAGE = 30
API = "api"
# What the short form opens of each list.
IN_SHORT = ("first", "category", "search.rare", "search.common")
PLATE = re.compile(r"biển số (\d{4})")
READ_FOR_A_PLATE = 500


@dataclass
class Person:
    """Somebody who opens lists, with the clients of pages and of the API."""

    name: str
    user: object
    client: Client
    key: dict[str, str]

    @property
    def tips(self) -> TipQuerySet:
        return Tip.objects.visible_to(self.user)


@dataclass(frozen=True)
class View:
    """One address one person opens."""

    key: str
    person: Person
    url: str
    by_key: bool = False

    @property
    def name(self) -> str:
        """What is opened, without the list and the person."""
        return self.key.split(".", 2)[2]

    def open(self) -> None:
        """Fetch the page. Raises RuntimeError when it is not one."""
        extra = {"headers": self.person.key} if self.by_key else {}
        response = self.person.client.get(self.url, **extra)
        if response.status_code != 200:
            raise RuntimeError(f"{self.url}: {response.status_code}")


def measure(place: Place) -> None:
    """Open everything at a tenth of ``--tips``, then at all of them; report growth and queries."""
    require_bench_database(str(connection.settings_dict["NAME"]))
    # A line for each request would be part of what is measured.
    logging.disable()
    options, medians = place.options, []
    seeder = Seeder(Writer(options.seed), communes=options.communes)
    posts = list(_posts(seeder.world))
    # The short form looks as the person who sees most.
    people = [_person(*who) for who in (posts[-1:] if options.quick else posts)]
    most = 0
    for size in (options.tips // SMALL, options.tips):
        missing = size - Tip.objects.count()
        if missing < 0:
            place.report.say(f"  {size:,} tips: not measured, there are more")
            continue
        if missing:
            seeder.add_tips(missing)
        _hand_out(people)
        pages = [view for view in views(people) if not options.quick or view.name in IN_SHORT]
        queries, found = _measure_all(place, pages, size)
        most = max(most, queries)
        medians.append(found)
    place.report.add(single("lists.queries", "queries, the most of any page", most))
    if len(medians) == 2:
        small, full = medians
        growth = [full[key] / small[key] for key in full if key in small]
        place.report.add(single("lists.growth", "times, median of all pages", statistics.median(growth)))
        place.report.add(single("lists.growth_most", "times, the page that grew most", max(growth)))


def _measure_all(place: Place, pages: list[View], size: int) -> tuple[int, dict[str, float]]:
    most, medians = 0, {}
    bare = {name: _bare(person) for name, person in {view.person.name: view.person for view in pages}.items()}
    for view in pages:
        queries = _queries(view)
        ours, base = Series(""), Series("bare SQL")
        for _round in range(place.options.rounds):
            base.values.append(_milliseconds(bare[view.person.name]))
            ours.values.append(_milliseconds(view.open))
        most, medians[view.key] = max(most, queries), ours.median
        key = f"lists.{size}.{view.key}"
        place.report.add(Figure(key, f"ms, {queries} queries", ours, base))
    worst = max(medians, key=medians.get)
    place.report.add(single(f"lists.{size}.slowest", f"ms ({worst})", medians[worst]))
    return most, medians


def _queries(view: View) -> int:
    with CaptureQueriesContext(connection) as captured:
        view.open()
        # The next request empties the log.
        return len(connection.queries_log) - captured.initial_queries


def _milliseconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


# --- Who looks -------------------------------------------------------------------------------------------


def _posts(country: world.World) -> Iterator[tuple[str, Unit, str]]:
    """Name, unit and role of each person."""
    yield "officer", country.communes[0], Role.OFFICER
    yield "district", _district(country), Role.SUPERVISOR
    yield "province", country.province, Role.SUPERVISOR


def _district(country: world.World) -> Unit:
    """A district over the first communes; the tree of the other benchmarks has none."""
    district = Unit.objects.filter(code=DISTRICT).first()
    if district is not None:
        return district
    district = Unit(
        code=DISTRICT, level=Level.DISTRICT, kind="huyện", name="Bến Sông", parent=country.province
    )
    district.full_name = "Huyện Bến Sông"
    district.fill_keys()
    district.save()
    for commune in country.communes[:COMMUNES_OF_DISTRICT]:
        commune.parent = district
        for unit in (commune, *Unit.objects.filter(parent=commune)):
            unit.parent = district if unit is commune else commune
            unit.fill_keys()
            unit.save()
    return district


def _person(name: str, unit: Unit, role: str) -> Person:
    user, is_new = get_user_model().objects.get_or_create(
        username=f"bench-{name}", defaults={"full_name": name, "is_staff": role == Role.SUPERVISOR}
    )
    if is_new:
        Posting.objects.create(user=user, unit=unit, role=role)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    _row, token = AuthToken.objects.create(user)
    return Person(name, user, client, {"Authorization": f"Token {token}"})


def _hand_out(people: list[Person]) -> None:
    """A page of tips in the hands of each person."""
    for person in people:
        working = person.tips.filter(status=TipStatus.VERIFYING, assignee=None)
        ids = list(working.order_by("pk").values_list("pk", flat=True)[:PAGE])
        Tip.objects.filter(pk__in=ids).update(assignee=person.user)


# --- What they open --------------------------------------------------------------------------------------


def views(people: list[Person]) -> Iterator[View]:
    """Every page of every list, for everybody who has it."""
    words = _words()
    for person in people:
        yield from _desk(person, words)
        yield from _api(person, words)
        if person.user.is_staff:
            yield from _admin(person, words)


def _desk(person: Person, words: dict[str, str]) -> Iterator[View]:
    view = partial(_view, person, "desk", "desk:tips")
    yield from _pages(view, person, loc="tat-ca")
    for chip in ("cua-toi", "moi", "qua-han", "khan"):
        yield view(chip, loc=chip)
    yield view("category", loai=Category.CHAY_NO)
    for name, text in words.items():
        yield view(f"search.{name}", q=text)


def _admin(person: Person, words: dict[str, str]) -> Iterator[View]:
    view = partial(_view, person, "admin", "admin:tips_tip_changelist")
    yield from _pages(view, person, status="all")
    yield view("closed", status=TipStatus.CLOSED)
    yield view("new", status=TipStatus.NEW)
    yield view("danger", priority="P0")
    yield view("late", deadline="late")
    yield view("day", deadline="day")
    yield view("mine", holder="me")
    yield view("nobody", holder="nobody")
    yield view("valuable", status="all", valuable="yes")
    yield view("category", status="all", category__exact=Category.CHAY_NO)
    for name, text in words.items():
        yield view(f"search.{name}", status="all", q=text)


def _api(person: Person, words: dict[str, str]) -> Iterator[View]:
    view = partial(_view, person, API, "tips-api:list")
    yield view("first")
    for name, key in _places(person.tips, NEWEST_FIRST):
        yield view(name, cursor=b64encode(f"p={key}".encode()).decode())
    yield view("new", status=TipStatus.NEW)
    yield view("danger", priority="P0")
    yield view("category", category=Category.CHAY_NO)
    yield view("late", overdue="true")
    yield view("in_time", overdue="false")
    yield view("valuable", valuable="true")
    yield view("mine", assignee=person.user.username)
    for name, text in words.items():
        yield view(f"search.{name}", q=text)


def _pages(view: Callable[..., View], person: Person, **everything: str) -> Iterator[View]:
    """First page, middle and last: of the queue, and of all tips, which ``everything`` asks for."""
    yield view("first")
    for name, key in _places(person.tips.open(), BY_DEADLINE):
        yield view(name, sau=key)
    yield view("all.first", **everything)
    for name, key in _places(person.tips, NEWEST_FIRST):
        yield view(f"all.{name}", **everything, sau=key)


def _view(person: Person, where: str, address: str, name: str, **query: object) -> View:
    url = f"{reverse(address)}?{urlencode(query)}"
    return View(f"{where}.{person.name}.{name}", person, url, by_key=where == API)


def _places(tips: TipQuerySet, order: object) -> Iterator[tuple[str, int]]:
    """The tip before the page in the middle, and the one before the last page."""
    count, keys = tips.order_by().values("pk").count(), order.sorted(tips).values_list("pk", flat=True)
    if count > PAGE:
        yield "half", keys[count // 2]
        yield "last", keys[count - PAGE - 1]


def _words() -> dict[str, str]:
    """What is searched: a number one tip in thousands names, common words, words nobody wrote."""
    read = Tip.objects.order_by("pk").only("text")[:READ_FOR_A_PLATE]
    rare = next((found[1] for tip in read if (found := PLATE.search(tip.text))), "wave")
    return {
        "rare": rare,
        "common": "người",
        "common_plain": "nguoi",
        "two": "nước thải",
        "two_plain": "nuoc thai",
        "two_apart": "mương 16h30",
        "absent": "quyxnh",
        "absent_and_common": "quyxnh người",
    }


# --- Beside it -------------------------------------------------------------------------------------------


def _bare(person: Person) -> Callable[[], object]:
    """The SQL of a page in the middle, by key, with nothing around it: ids, numbers, states, deadlines."""
    half = dict(_places(person.tips, NEWEST_FIRST)).get("half")
    query = NEWEST_FIRST.sorted(NEWEST_FIRST.beyond(person.tips, [half]) if half else person.tips)
    columns = query.values_list("pk", "public_id", "status", "deadline")
    statement, params = columns[:PAGE].query.sql_with_params()

    def ask() -> list:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall()

    return ask
