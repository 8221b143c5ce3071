"""Is this genuine? Links, numbers, officers, notices and broadcasts are looked up in our own records.

The answer is about the records only: "genuine" means that it is ours now, "ended" that it was, "unknown" that
we have no such thing, which is not the same as false. Drafts do not exist here, and a name answers only in
full: nobody can list the officers of a place by trying letters.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts.enums import BroadcastState, NoticeState
from broadcasts.models import Broadcast, Notice
from groups.enums import GroupKind, GroupState, Level, Role
from groups.models import Group, JoinLink, OfficialAccount, Posting, Unit
from portal.site.models import Contact
from portal.site.published import ended_notices, notice_name, notices
from portal.text import Phone, PhoneError, clean, fold, parse_phone

GENUINE, ENDED, UNKNOWN = "genuine", "ended", "unknown"
MAX_LENGTH = 300
# Groups that are not for everybody: a stranger with a guessed code learns nothing of what they were told.
INNER_KINDS = {GroupKind.PATROL, GroupKind.CIVIL_GUARD, GroupKind.STEERING_BOARD}
OFFICER_ROLES = (Role.OFFICER, Role.BEAT_OFFICER, Role.CHIEF, Role.SUPERVISOR)

_BROADCAST_CODE = re.compile(r"\bTB-\d{4}-\d{4,6}\b", re.IGNORECASE)
_DECISION = re.compile(r"\b\d+[\w-]*(?:/[\w.-]+)+", re.IGNORECASE)
_NOTICE_CODE = re.compile(r"\b[A-Z]{2}-\d{4}-\d{4,6}\b", re.IGNORECASE)
_SHORT_CODE = re.compile(r"[0-9A-Za-z]{4,12}")
_LINK = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|www\.|[^\s/@]+\.[a-z]{2,}(?:[/?#:]|$)|/n/)", re.IGNORECASE)
_RANKS = re.compile(
    r"^(?:(?:đồng chí|đ/c|ông|bà|anh|chị|cán bộ|công an)\s+)*"
    r"(?:(?:hạ sĩ|trung sĩ|thượng sĩ|(?:thiếu|trung|thượng|đại) (?:úy|uý|tá)|thiếu tướng)\s+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Verdict:
    """The answer; ``title`` is what it is, ``unit`` who answers for it, ``hotline`` where to ask."""

    verdict: str = UNKNOWN
    kind: str = ""
    title: str = ""
    unit: str = ""
    hotline: str = ""

    @property
    def is_known(self) -> bool:
        return self.verdict != UNKNOWN


def check(text: str) -> Verdict:
    """Look up what a resident pasted or typed. A link is judged by its host before anything it contains."""
    query = clean(text)[:MAX_LENGTH]
    if not query:
        return Verdict()
    if _LINK.match(query):
        return _check_link(query)
    checks: tuple[Callable[[str], Verdict], ...] = (
        _check_broadcast,
        _check_notice,
        _check_phone,
        _check_short_code,
        _check_officer,
    )
    for look_up in checks:
        verdict = look_up(query)
        if verdict.is_known:
            return verdict
    return Verdict(kind=_probable_kind(query))


def _probable_kind(query: str) -> str:
    if _BROADCAST_CODE.search(query):
        return "broadcast"
    if _NOTICE_CODE.search(query) or _DECISION.search(query):
        return "notice"
    if _phone(query):
        return "phone"
    return ""


def _of(unit: Unit, verdict: str, kind: str, title: str, hotline: str = "") -> Verdict:
    office = unit.parent if unit.level == Level.VILLAGE and unit.parent else unit
    return Verdict(verdict, kind, title, office.police_name, hotline or office.duty_phone)


# --- Links -----------------------------------------------------------------------------------------------


def _check_link(query: str) -> Verdict:
    unknown = Verdict(kind="link")
    try:
        parts = urlsplit(query if "://" in query else f"https://{query.lstrip('/')}")
        if query.startswith("/"):
            parts = urlsplit(settings.PUBLIC_URL + query)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return unknown
    # A name before the host (https://ours@theirs/) and look-alike letters are tricks, never ours.
    if parts.scheme not in ("http", "https") or parts.username is not None or not host.isascii():
        return unknown
    ours = urlsplit(settings.PUBLIC_URL)
    if host == ours.hostname:
        same_door = parts.scheme == ours.scheme and port == ours.port
        return _check_own_link(parts.path, parts.query) if same_door or "://" not in query else unknown
    return _check_zalo_link(host.removeprefix("www."), parts.path)


def _check_own_link(path: str, query: str) -> Verdict:
    joined = re.fullmatch(r"/n/([^/]+)/?", path)
    if joined:
        return _check_join_code(joined[1])
    for code_in in (path, query):
        verdict = _check_broadcast(code_in) if _BROADCAST_CODE.search(code_in) else _check_notice(code_in)
        if verdict.is_known:
            return verdict
    return Verdict(GENUINE, "link", _("Trang của cổng Kết nối bình yên"))


def _check_zalo_link(host: str, path: str) -> Verdict:
    address = f"{host}{path.rstrip('/')}"
    spellings = [
        f"{scheme}://{www}{address}{end}"
        for scheme in ("https", "http")
        for www in ("", "www.")
        for end in ("", "/")
    ]
    group = Group.objects.filter(join_url__in=spellings).select_related("unit__parent").first()
    if group:
        return _of_group(group)
    if host == "zalo.me" and re.fullmatch(r"/\d{5,25}/?", path):
        accounts = OfficialAccount.objects.filter(unit__is_practice=False)
        account = accounts.filter(oa_id=path.strip("/")).select_related("unit__parent").first()
        if account:
            return _of(account.unit, GENUINE, "link", _("Trang Zalo chính thức: %s") % account.name)
    return Verdict(kind="link")


def _check_short_code(query: str) -> Verdict:
    return _check_join_code(query) if _SHORT_CODE.fullmatch(query) else Verdict()


def _check_join_code(code: str) -> Verdict:
    link = (
        JoinLink.objects.filter(code__in={code, code.upper(), code.lower()})
        .select_related("group__unit__parent")
        .first()
    )
    if link is None:
        return Verdict(kind="link")
    return _of_group(link.group, is_open=link.is_open)


def _of_group(group: Group, *, is_open: bool = True) -> Verdict:
    if group.unit.is_practice:
        return Verdict(kind="link")
    is_live = is_open and group.state == GroupState.ACTIVE
    return _of(group.unit, GENUINE if is_live else ENDED, "link", _("Nhóm Zalo: %s") % group.name)


# --- Codes and decisions ---------------------------------------------------------------------------------


def _check_broadcast(query: str) -> Verdict:
    found = _BROADCAST_CODE.search(query)
    if not found:
        return Verdict()
    sent = Broadcast.objects.filter(started_at__isnull=False, unit__is_practice=False)
    broadcast = sent.filter(code=found[0].upper()).select_related("unit__parent", "notice").first()
    if broadcast is None:
        return Verdict(kind="broadcast")
    notice_over = broadcast.notice is not None and broadcast.notice.state == NoticeState.ENDED
    taken_back = notice_over or broadcast.state in (BroadcastState.WITHDRAWN, BroadcastState.CANCELLED)
    expired = broadcast.expires_at is not None and broadcast.expires_at <= timezone.now()
    kinds = set(broadcast.audience.get("kinds") or ())
    is_inner = bool(kinds) and kinds <= INNER_KINDS
    # What was taken back must not be repeated here, least of all a name.
    title = broadcast.get_kind_display() if taken_back or is_inner else broadcast.title
    return _of(broadcast.unit, ENDED if taken_back or expired else GENUINE, "broadcast", str(title))


def _check_notice(query: str) -> Verdict:
    code, decision = _NOTICE_CODE.search(query), _DECISION.search(query)
    for public, verdict in ((notices(), GENUINE), (ended_notices(), ENDED)):
        public = public.select_related("unit__parent")
        notice = public.filter(code=code[0].upper()).first() if code else None
        if notice is None and decision:
            notice = _by_decision(public, decision[0])
        if notice is not None:
            return _of(notice.unit, verdict, "notice", _notice_title(notice), notice.phone)
    return Verdict(kind="notice" if code or decision else "")


def _notice_title(notice: Notice) -> str:
    kind = str(notice.get_kind_display())
    return kind if notice.state == NoticeState.ENDED else f"{kind}: {notice_name(notice)}"


def _by_decision(public: QuerySet[Notice], number: str) -> Notice | None:
    """A decision's number in any spelling: 17/QĐ-CSĐT, 17/qd-csdt, 17 / QĐ-CSĐT."""
    wanted, digits = _decision_key(number), re.match(r"\d+", number)[0]
    for notice in public.filter(decision_number__contains=digits.lstrip("0"))[:200]:
        if _decision_key(notice.decision_number) == wanted:
            return notice
    return None


def _decision_key(number: str) -> str:
    found = _DECISION.search(re.sub(r"\s*([/-])\s*", r"\1", clean(number)))
    return fold(found[0] if found else number).rstrip(".")


# --- Telephone numbers -----------------------------------------------------------------------------------


def _phone(query: str) -> Phone | None:
    try:
        return parse_phone(query)
    except PhoneError:
        return None


def _check_phone(query: str) -> Verdict:
    phone = _phone(query)
    if phone is None:
        return Verdict()
    # The end of a number is written without gaps, so it narrows the search in every spelling.
    ending = phone.e164[-2:]
    contacts = Contact.objects.filter(phone__endswith=ending).exclude(unit__is_practice=True)
    for contact in contacts.select_related("unit__parent"):
        if _same(contact.phone, phone):
            owner = contact.unit.police_name if contact.unit else ""
            return Verdict(GENUINE, "phone", contact.name, owner, contact.phone)
    for unit in Unit.objects.filter(duty_phone__endswith=ending, is_practice=False):
        if _same(unit.duty_phone, phone):
            over = unit.valid_to is not None and unit.valid_to <= timezone.localdate()
            return _of(unit, ENDED if over else GENUINE, "phone", _("Trực ban %s") % unit.police_name)
    if phone.kind == Phone.EMERGENCY:
        return Verdict(GENUINE, "phone", _("Số khẩn cấp của Nhà nước"), "", phone.e164)
    return Verdict(kind="phone")


def _same(stored: str, phone: Phone) -> bool:
    found = _phone(stored)
    return found is not None and found.e164 == phone.e164


# --- Officers --------------------------------------------------------------------------------------------


def _check_officer(query: str) -> Verdict:
    name = " ".join(_RANKS.sub("", query, count=1).split())
    if len(name.split()) < 2 or any(char.isdigit() for char in name):
        return Verdict()
    wanted = fold(name)
    # Folding keeps the number of letters, so equal length is a filter the database can apply.
    postings = (
        Posting.objects.filter(role__in=OFFICER_ROLES, user__is_active=True, unit__is_practice=False)
        .annotate(length=Length("user__full_name"))
        .filter(length=len(name))
        .select_related("user", "unit__parent")
    )
    today = timezone.localdate()
    named = [posting for posting in postings if fold(posting.user.full_name) == wanted]
    serving = [p for p in named if p.valid_from <= today and (p.valid_to is None or p.valid_to > today)]
    if not named:
        return Verdict()
    shown = serving or named
    offices = list(dict.fromkeys(posting.unit.police_name for posting in shown))[:3]
    phone = shown[0].unit.duty_phone if len(offices) == 1 else ""
    person = shown[0].user.display_name if len({posting.user_id for posting in shown}) == 1 else name
    return Verdict(GENUINE if serving else ENDED, "officer", person, "; ".join(offices), phone)
