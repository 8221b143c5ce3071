"""Groups: founding, changing, their steward, size and join link, and who receives a post."""

import re
import secrets
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import permissions
from groups.enums import Channel, GroupKind, GroupState, Role
from groups.models import Group, GroupSize, JoinLink, OfficialAccount, Programme, Stewardship, Unit
from groups.services.conflicts import one_of_two
from portal.audit.services import record
from portal.errors import NotAllowedError
from portal.text import clean

STEWARD_ROLES = (Role.OFFICER, Role.BEAT_OFFICER, Role.CHIEF, Role.SUPERVISOR)
EDITABLE = (
    "kind",
    "channel",
    "name",
    "official_account",
    "zalo_group_id",
    "join_url",
    "programme",
    "state",
)
# Read aloud and typed from paper: no vowels (no words), no letter that looks like a digit.
CODE_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
CODE_LENGTH = 7
# Far above any Zalo group; a slip of the finger must not bend the figures of a district.
MOST_MEMBERS = 100_000
ZALO_HOST = "zalo.me"
_ZALO_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")


def create_group(
    unit: Unit,
    *,
    kind: str,
    channel: str,
    name: str,
    official_account: OfficialAccount | None = None,
    zalo_group_id: str = "",
    join_url: str = "",
    programme: Programme | None = None,
    steward: Any = None,
    by: Any,
) -> Group:
    """Found a group with its steward and join link.

    ``by`` is the acting user, or None for a command. Raises ``NotAllowedError`` unless they keep the
    directory of the unit, ``ValidationError`` keyed by field for bad values.
    """
    _require_directory_right(by, unit)
    group = Group(
        unit=unit,
        kind=kind,
        channel=channel,
        name=clean(name),
        official_account=official_account,
        zalo_group_id=zalo_group_id.strip(),
        join_url=join_url.strip(),
        programme=programme,
    )
    validate(group)
    with transaction.atomic():
        _save(group)
        record(by, "groups.group.created", group, unit_path=unit.path, data={"channel": channel})
        open_join_link(group, by=by)
        if steward is not None:
            change_steward(group, user=steward, by=by)
    return group


def update_group(group: Group, *, by: Any, **changes: Any) -> Group:
    """Change fields of ``EDITABLE``; what stays the same is not written. Raises like ``create_group``."""
    _require_directory_right(by, group.unit)
    for name, tidy in {"name": clean, "zalo_group_id": str.strip, "join_url": str.strip}.items():
        if name in changes:
            changes[name] = tidy(changes[name])
    changed = [name for name in EDITABLE if name in changes and getattr(group, name) != changes[name]]
    for name in changed:
        setattr(group, name, changes[name])
    validate(group)
    if changed:
        with transaction.atomic():
            _save(group, update_fields=changed)
            record(by, "groups.group.changed", group, unit_path=group.unit.path, data={"fields": changed})
    return group


def validate(group: Group) -> None:
    """Raise ``ValidationError`` keyed by field when the group could not work or breaks a rule."""
    errors = field_errors(group) | _taken(group)
    if errors:
        raise ValidationError(errors)


def field_errors(group: Group) -> dict[str, str]:
    """What is wrong with the group by itself, by field; asks nothing of the database."""
    errors: dict[str, str] = {}
    if group.kind not in GroupKind.values:
        errors["kind"] = _("Loại nhóm không có trong danh mục.")
    if group.channel not in Channel.values:
        errors["channel"] = _("Cách gửi không có trong danh mục.")
    if group.state not in GroupState.values:
        errors["state"] = _("Trạng thái không có trong danh mục.")
    if not group.name or len(group.name) > 120:
        errors["name"] = _("Tên nhóm cần từ 1 đến 120 ký tự.")
    if group.channel in (Channel.GMF, Channel.BOT) and group.official_account is None:
        errors["oa_id"] = _("Nhóm gửi tự động cần một tài khoản Zalo OA.")
    elif group.official_account and not group.unit.is_at_or_under(group.official_account.unit):
        errors["oa_id"] = _("Tài khoản Zalo OA này thuộc đơn vị khác.")
    elif group.official_account and not _fits(group.channel, group.official_account):
        errors["oa_id"] = _("Cách gửi và loại tài khoản Zalo không khớp: nhóm của OA hay nhóm của bot?")
    if group.channel in (Channel.GMF, Channel.BOT) and not group.zalo_group_id:
        errors["zalo_group_id"] = _("Nhóm gửi tự động cần mã nhóm Zalo.")
    elif group.zalo_group_id and not _ZALO_ID.fullmatch(group.zalo_group_id):
        errors["zalo_group_id"] = _("Mã nhóm Zalo chỉ gồm chữ không dấu và số.")
    if group.join_url and not is_zalo_link(group.join_url):
        errors["join_url"] = _("Liên kết tham gia phải có dạng https://zalo.me/g/…")
    if group.programme and not group.unit.is_at_or_under(group.programme.unit):
        errors["programme"] = _("Mô hình này thuộc đơn vị khác.")
    return errors


def _fits(channel: str, account: OfficialAccount) -> bool:
    """Whether posts of this channel can go through the account; a person may post beside any."""
    return channel == Channel.ASSISTED or account.is_bot == (channel == Channel.BOT)


def _taken(group: Group) -> dict[str, str]:
    """Names and Zalo ids that another group has already."""
    others, errors = Group.objects.exclude(pk=group.pk), {}
    if others.filter(unit=group.unit, name=group.name).exists():
        errors["name"] = _("Đơn vị đã có nhóm tên này.")
    same_id = others.filter(official_account=group.official_account, zalo_group_id=group.zalo_group_id)
    if group.official_account and group.zalo_group_id and same_id.exists():
        errors["zalo_group_id"] = _("Mã nhóm Zalo này đã gắn với một nhóm khác.")
    return errors


def is_zalo_link(url: str) -> bool:
    """Whether residents may be sent to ``url`` to join a group: https, on Zalo's own host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.netloc == ZALO_HOST and len(parts.path) > 1 and len(url) <= 300


def change_steward(group: Group, *, user: Any, by: Any, day: date | None = None) -> Stewardship | None:
    """Hand the group over on ``day`` (default today); ``user`` None leaves it without a steward.

    Exactly one stewardship is open afterwards, or none. The same person again changes nothing. Raises
    ``ValidationError`` when the user does not serve as police at or above the group's unit.
    """
    _require_directory_right(by, group.unit)
    day = day or timezone.localdate()
    if user is not None and not permissions.holds(user, group.unit, *STEWARD_ROLES):
        raise ValidationError({"steward": _("Người phụ trách phải là cán bộ đang công tác ở địa bàn này.")})
    with one_of_two():
        _lock(group)
        current = _open_stewardship(group)
        if current and user and current.user_id == user.pk:
            return current
        if current:
            current.ends_on = max(day, current.starts_on)
            current.save(update_fields=["ends_on"])
        opened = Stewardship.objects.create(group=group, user=user, starts_on=day) if user else None
        data = {"from": current.user.username if current else "", "to": user.username if user else ""}
        record(by, "groups.steward.changed", group, unit_path=group.unit.path, data=data)
    return opened


def _open_stewardship(group: Group) -> Stewardship | None:
    return group.stewardships.filter(ends_on=None).select_related("user").first()


def record_size(
    group: Group, *, members: int, households: int = 0, day: date | None = None, by: Any
) -> GroupSize:
    """Store how many members and represented households the group has on ``day`` (default today).

    A second count of the same day replaces the first. The group's steward may count as well. Raises
    ``NotAllowedError``, and ``ValidationError`` for a future day, numbers outside 0 to ``MOST_MEMBERS`` or
    more households than members.
    """
    if by is not None and not permissions.can_count(by, group):
        raise NotAllowedError
    day = day or timezone.localdate()
    if day > timezone.localdate():
        raise ValidationError({"date": _("Ngày đếm không được ở tương lai.")})
    for name, number in {"members": members, "households": households}.items():
        if not 0 <= number <= MOST_MEMBERS:
            raise ValidationError({name: _("Cần một số từ 0 đến %(most)d.") % {"most": MOST_MEMBERS}})
    if households > members:
        raise ValidationError({"households": _("Số hộ đại diện không thể nhiều hơn số thành viên.")})
    with transaction.atomic():
        numbers = {"members": members, "households": households}
        counted = {**numbers, "source": GroupSize.Source.COUNTED}
        size, _created = GroupSize.objects.update_or_create(group=group, day=day, defaults=counted)
        if not group.sizes.filter(day__gt=day).exists():
            group.members_count, group.households_count = members, households
            group.save(update_fields=["members_count", "households_count"])
        record(
            by, "groups.size.recorded", group, unit_path=group.unit.path, data={"day": f"{day}", **numbers}
        )
    return size


def open_join_link(group: Group, *, by: Any, renew: bool = False) -> JoinLink:
    """The group's open short link, made when there is none; ``renew`` closes it and makes another."""
    _require_directory_right(by, group.unit)
    with transaction.atomic():
        _lock(group)
        current = group.join_links.filter(is_open=True).order_by("-pk").first()
        if current and not renew:
            return current
        group.join_links.filter(is_open=True).update(is_open=False)
        link = JoinLink.objects.create(group=group, code=new_codes(1)[0])
        record(
            by, "groups.join_link.opened", group, unit_path=group.unit.path, data={"renewed": bool(current)}
        )
    return link


def new_codes(count: int) -> list[str]:
    """Short codes for join links, all different and unused so far."""
    codes: set[str] = set()
    while len(codes) < count:
        fresh = {_random_code() for _number in range(count - len(codes))}
        codes |= fresh - set(JoinLink.objects.filter(code__in=fresh).values_list("code", flat=True))
    return sorted(codes)


def _random_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _position in range(CODE_LENGTH))


def recipients_for(audience: dict[str, Any]) -> QuerySet[Group]:
    """Active groups that an audience rule names.

    ``{"units": [code], "kinds": [kind], "groups": [id], "exclude": [id]}``, every key optional: the groups of
    the units and of all units below them, only of ``kinds`` when that is not empty; plus ``groups``, whatever
    their kind; minus ``exclude``. Without units and groups nobody receives anything. Raises
    ``ValidationError`` (key ``audience``) for a malformed rule and for codes that do not exist.
    """
    units, kinds, chosen, excluded = (
        _listed(audience, key) for key in ("units", "kinds", "groups", "exclude")
    )
    if unknown := set(audience) - {"units", "kinds", "groups", "exclude"}:
        raise ValidationError({"audience": _("Khóa lạ: %(keys)s.") % {"keys": ", ".join(sorted(unknown))}})
    if unknown := set(kinds) - set(GroupKind.values):
        raise ValidationError(
            {"audience": _("Loại nhóm lạ: %(keys)s.") % {"keys": ", ".join(sorted(unknown))}}
        )
    paths = dict(Unit.objects.filter(code__in=units).values_list("code", "path"))
    if unknown := set(units) - set(paths):
        raise ValidationError(
            {"audience": _("Không có đơn vị %(codes)s.") % {"codes": ", ".join(sorted(unknown))}}
        )
    by_unit = permissions.paths_q(paths.values(), "unit__path")
    if kinds:
        by_unit &= Q(kind__in=kinds)
    return Group.objects.active().filter(by_unit | Q(pk__in=chosen)).exclude(pk__in=excluded)


def _listed(audience: dict[str, Any], key: str) -> list:
    values = audience.get(key) or []
    kind = str if key in ("units", "kinds") else int
    if not isinstance(values, list) or any(
        not isinstance(value, kind) or isinstance(value, bool) for value in values
    ):
        raise ValidationError({"audience": _("«%(key)s» phải là một danh sách.") % {"key": key}})
    return values


def _require_directory_right(by: Any, unit: Unit) -> None:
    """Commands (``by`` None) run on the server; everybody else keeps this unit's directory."""
    if by is not None and not permissions.can_manage_directory(by, unit):
        raise NotAllowedError


def _lock(group: Group) -> None:
    """One hand-over or link at a time: the rows they look for may not exist yet, the group does."""
    Group.objects.select_for_update().only("pk").get(pk=group.pk)


def _save(group: Group, **options: Any) -> None:
    """Save; a name or id taken in this very moment by somebody else is the same error as one taken before."""
    try:
        with transaction.atomic():
            group.save(**options)
    except IntegrityError:
        validate(group)
        raise
