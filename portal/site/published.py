"""What the public may read: news, notices in force, procedures, contacts, the size of the network.

A notice leaves every page the moment it ends or its review is overdue. A person who is merely sought is named
and pictured only under a decision number; nobody here has been found guilty by a court.
"""

from dataclasses import dataclass, field

from django.conf import settings
from django.core.cache import cache
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Sum, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts.enums import BroadcastState, NoticeEnd, NoticeState, PostKind
from broadcasts.models import Broadcast, Notice, Post
from groups.enums import GroupState
from groups.models import Group, Unit
from portal.site.models import Contact, Procedure
from portal.text import fold, search_key, words
from tips.procedures import ProcedurePage

# Texts of the library carry this mark where the office's own duty number belongs.
PHONE_MARK = "[SĐT]"
NETWORK_SECONDS = 600
NAME_LENGTH = 60
# The strip of ``templates/components/emergency.html``.
STRIP_NUMBERS = ("113", "114", "115", "111")
PEOPLE = (PostKind.WANTED, PostKind.SUSPECT, PostKind.MISSING)
_CARD_CLASS = {
    PostKind.WANTED: "",
    PostKind.SUSPECT: "sought",
    PostKind.FOUND: "sought",
    PostKind.MISSING: "missing",
    PostKind.HANDIN: "missing",
}


@dataclass(frozen=True)
class NoticeCard:
    """A notice as the public sees it; ``facts`` are pairs of a label and a value."""

    notice: Notice
    kind: str
    name: str
    kind_class: str
    url: str
    photo_url: str
    phone: str
    facts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_person(self) -> bool:
        """Whether the notice is about somebody, who then has a right to careful words."""
        return self.notice.kind in PEOPLE

    @property
    def is_sought_by_law(self) -> bool:
        """Whether the person may feel accused, which calls for the presumption of innocence."""
        return self.notice.kind in (PostKind.WANTED, PostKind.SUSPECT)


def news() -> QuerySet[Post]:
    """Posts of the library that are marked public."""
    return Post.objects.filter(is_public=True, unit__is_practice=False).select_related("unit", "picture")


def search_news(posts: QuerySet[Post], text: str) -> QuerySet[Post]:
    """Posts whose title holds every word of ``text``, diacritics ignored."""
    for word in fold(text).split():
        posts = posts.filter(search_key__contains=word)
    return posts


def post_text(post: Post) -> str:
    """The text of a post below its title: the duty number filled in, the title not said twice."""
    phone = post.unit.duty_phone or _("số trực ban của công an xã")
    first, stop, rest = post.body.partition(".")
    body = rest.strip() if stop and rest.strip() and fold(first) == fold(post.title) else post.body
    return body.replace(PHONE_MARK, str(phone))


def notices() -> QuerySet[Notice]:
    """Notices in force whose review is not overdue."""
    return (
        Notice.objects.filter(state=NoticeState.ACTIVE, unit__is_practice=False)
        .filter(Q(review_by=None) | Q(review_by__gte=timezone.localdate()))
        .select_related("unit", "photo")
    )


def ended_notices() -> QuerySet[Notice]:
    """Notices that were in force once; one that ended as a draft was never anybody's to know of.

    An approved post about it made a notice public; only one that was public can expire.
    """
    approved = Broadcast.objects.filter(notice=OuterRef("pk"), approved_at__isnull=False)
    return Notice.objects.filter(
        Q(ended_as=NoticeEnd.EXPIRED) | Exists(approved), state=NoticeState.ENDED, unit__is_practice=False
    ).select_related("unit")


def search_notices(found: QuerySet[Notice], text: str) -> QuerySet[Notice]:
    """Notices that hold every word of ``text`` in what the public may read of them, diacritics ignored.

    Few notices are in force at a time, so their words are compared here and no key of them is stored.
    """
    terms = words(text)
    if not terms:
        return found
    keys = []
    for notice in found:
        shown = [notice.code, notice_name(notice), notice.features, notice.unit.full_name]
        shown += [value for _label, value in _facts(notice)]
        key = search_key(" ".join(shown))
        if all(term in key for term in terms):
            keys.append(notice.pk)
    return found.filter(pk__in=keys)


def post_code(notice: Notice) -> str:
    """Public code of the latest post about a notice that went out, so that a sighting is joined to it."""
    sent = Broadcast.objects.filter(notice=notice, started_at__isnull=False, unit__is_practice=False)
    taken_back = (BroadcastState.CANCELLED, BroadcastState.WITHDRAWN)
    return sent.exclude(state__in=taken_back).order_by("-id").values_list("code", flat=True).first() or ""


def may_show_person(notice: Notice) -> bool:
    """A suspect without a decision number has neither name nor face here."""
    return notice.kind != PostKind.SUSPECT or bool(notice.decision_number)


def card(notice: Notice) -> NoticeCard:
    """A notice ready for a page."""
    has_photo = notice.photo_id is not None and may_show_person(notice)
    return NoticeCard(
        notice=notice,
        kind=notice.get_kind_display(),
        name=notice_name(notice),
        kind_class=_CARD_CLASS[notice.kind],
        url=reverse("site:notice", args=[notice.code]),
        photo_url=reverse("site:notice_photo", args=[notice.code]) if has_photo else "",
        phone=notice.phone or notice.unit.duty_phone,
        facts=_facts(notice),
    )


def notice_name(notice: Notice) -> str:
    """What a notice is called in public."""
    if notice.kind in PEOPLE and notice.person_name and may_show_person(notice):
        return notice.person_name
    first = notice.features.partition("\n")[0].partition(". ")[0].rstrip(".")
    if len(first) > NAME_LENGTH:
        first = first[:NAME_LENGTH].rsplit(" ", 1)[0].rstrip(",;") + "…"
    return first or str(_("Chưa rõ tên"))


def _facts(notice: Notice) -> list[tuple[str, str]]:
    person = may_show_person(notice)
    decision = ""
    if notice.decision_number:
        day = f"{notice.decision_date:%d/%m/%Y}" if notice.decision_date else ""
        decision = _("số %(number)s") % {"number": notice.decision_number}
        decision += _(" ngày %(day)s") % {"day": day} if day else ""
    facts = [
        (_("Tên khác"), notice.aliases if person else ""),
        (_("Sinh"), _birth(notice) if person else ""),
        (_("Giới tính"), notice.gender.capitalize()),
        (_("Nơi thường trú"), notice.residence if person else ""),
        (_("Bị khởi tố về"), notice.offence),
        (_("Quyết định"), decision),
        (_("Cơ quan"), notice.agency or notice.unit.police_name),
    ]
    return [(label, value) for label, value in facts if value]


def _birth(notice: Notice) -> str:
    # The full date of birth is public only on a wanted notice, where the law asks for it.
    if notice.birth_date and notice.kind == PostKind.WANTED:
        return f"{notice.birth_date:%d/%m/%Y}"
    year = notice.birth_date.year if notice.birth_date else notice.birth_year
    return _("năm %(year)s") % {"year": year} if year else ""


def procedures(text: str = "") -> list[Procedure]:
    """Procedures that hold every word of ``text`` in title, field or papers, by field and title.

    Where titles hold the words in a row ("tạm trú"), those that hold them scattered ("tạm vắng" of the field
    "Cư trú") are noise.
    """
    terms = words(text)
    found, in_a_row = [], []
    for procedure in Procedure.objects.all():
        key = search_key(f"{procedure.title} {procedure.field} {procedure.papers}")
        if all(term in key for term in terms):
            found.append(procedure)
            if " ".join(terms) in search_key(procedure.title):
                in_a_row.append(procedure)
    return in_a_row or found


def procedure_pages() -> list[ProcedurePage]:
    """Where each procedure is explained, for answers to senders."""
    return [
        ProcedurePage(slug, title, settings.PUBLIC_URL + reverse("site:procedure", args=[slug]))
        for slug, title in Procedure.objects.values_list("slug", "title")
    ]


def foremost_notices(count: int) -> list[Notice]:
    """The newest notices for the home page; people come before things."""
    things_last = Case(When(kind__in=PEOPLE, then=0), default=1)
    return list(notices().order_by(things_last, "-created_at", "-id")[:count])


def national_contacts() -> list[Contact]:
    """Emergency and other numbers that hold for the whole country."""
    return list(Contact.objects.filter(unit=None))


def further_contacts() -> list[Contact]:
    """National numbers besides those that stand at the top of every page."""
    return list(Contact.objects.filter(unit=None).exclude(phone__in=STRIP_NUMBERS))


def contacts_of(unit: Unit) -> list[Contact]:
    """Numbers of a unit and of those above it, the nearest first."""
    codes = [*unit.ancestor_codes(), unit.code]
    found = Contact.objects.filter(unit__code__in=codes).select_related("unit")
    return sorted(found, key=lambda contact: -len(contact.unit.path))


@dataclass(frozen=True)
class Network:
    """How large the network of groups is; no figure here can point at a person."""

    groups: int
    members: int
    communes: int
    villages: int


def network() -> Network:
    """Figures of the home page, counted at most every ten minutes."""
    found = cache.get("site:network")
    if found is None:
        active = Group.objects.active().filter(unit__is_practice=False)
        units = Unit.objects.filter(groups__state=GroupState.ACTIVE, is_practice=False)
        found = Network(
            groups=active.count(),
            members=active.aggregate(total=Sum("members_count"))["total"] or 0,
            villages=units.villages().distinct().count(),
            communes=len(_communes_with_groups(units)),
        )
        cache.set("site:network", found, NETWORK_SECONDS)
    return found


def _communes_with_groups(units: QuerySet[Unit]) -> set[int]:
    own = units.communes().values_list("pk", flat=True)
    through_villages = units.villages().values_list("parent_id", flat=True)
    return {*own, *through_villages}
