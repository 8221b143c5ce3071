"""What Zalo's events change in the directory: sizes and states of groups, the grant of an account.

News comes late, twice or out of order; the nightly sync has the last word. So what was sent before it changes
nothing, sizes move by what happened and stop at zero, and states follow the newest event that was sent.
"""

from typing import Any

from django.utils import timezone

from groups.enums import AccountState, GroupState
from groups.models import Group, GroupSize, OfficialAccount
from groups.services.groups import MOST_MEMBERS, is_zalo_link
from groups.services.tokens import mark_stopped
from groups.signals import News
from groups.zalo import events
from groups.zalo.errors import ReauthorisationNeeded
from portal.audit.services import record

# States that Zalo decides; a group that we closed stays closed.
BY_ZALO = (GroupState.ACTIVE, GroupState.DISABLED, GroupState.VANISHED)


def apply(news: News) -> None:
    """Change what ``news`` says, inside the transaction that marks its event as done."""
    if news.account is None:
        return
    if news.name == events.REVOKED:
        _revoke(news)
        return
    change = _CHANGES.get(news.name)
    # What happened before the last sync is in what the sync read.
    is_known = news.account.synced_at is not None and news.sent_at <= news.account.synced_at
    group = _group_of(news) if change and not is_known else None
    if group is not None:
        change(group, news)


def _group_of(news: News) -> Group | None:
    """The group of the event among those of its account, locked: sizes are read, then written."""
    group_id = events.group_of(news.body)
    groups = Group.objects.select_for_update()
    return groups.filter(official_account=news.account, zalo_group_id=group_id).first() if group_id else None


def _joined(group: Group, news: News) -> None:
    _move_size(group, by=_people(news))


def _left(group: Group, news: News) -> None:
    _move_size(group, by=-_people(news))


def _people(news: News) -> int:
    """How many residents the event is about; an event that lists nobody is about one."""
    if not news.body.get("users"):
        return 1
    return len([user_id for user_id in events.user_ids(news.body) if user_id != news.account.oa_id])


def _move_size(group: Group, *, by: int) -> None:
    """Count ``by`` members more today. Not audited: the dated series is the trace, and nobody acted.

    A day that somebody counted by hand keeps those numbers, as with the sync.
    """
    today, source = timezone.localdate(), GroupSize.Source.ZALO
    members = min(max(group.members_count + by, 0), MOST_MEMBERS)
    households = min(group.households_count, members)
    sizes = {"members": members, "households": households}
    rows = group.sizes.filter(day=today)
    if not rows.filter(source=source).update(**sizes):
        GroupSize.objects.bulk_create(
            [GroupSize(group=group, day=today, source=source, **sizes)], ignore_conflicts=True
        )
        if rows.exclude(source=source).exists():
            return
    Group.objects.filter(pk=group.pk).update(members_count=members, households_count=households)


def _exists(group: Group, news: News) -> None:
    """Created, or changed: so it is there; whether it is enabled may be said, and its link."""
    if not _is_newest(group, news):
        return
    info = news.body.get("group_info")
    info = info if isinstance(info, dict) else {}
    status = info.get("status")
    if status == "disabled":
        _set_state(group, GroupState.DISABLED)
    elif status == "enabled" or group.state == GroupState.VANISHED:
        _set_state(group, GroupState.ACTIVE)
    link = info.get("group_link")
    if isinstance(link, str) and is_zalo_link(link) and link != group.join_url:
        Group.objects.filter(pk=group.pk).update(join_url=link)
        _trace(group, {"fields": ["join_url"]})


def _deleted(group: Group, news: News) -> None:
    if _is_newest(group, news):
        _set_state(group, GroupState.VANISHED)


def _is_newest(group: Group, news: News) -> bool:
    """Whether nothing sent later was told of the group's life; ``news`` is the newest from now on."""
    if group.zalo_told_at is not None and news.sent_at < group.zalo_told_at:
        return False
    Group.objects.filter(pk=group.pk).update(zalo_told_at=news.sent_at)
    return True


def _set_state(group: Group, state: str) -> None:
    others = [other for other in BY_ZALO if other != state]
    if Group.objects.filter(pk=group.pk, state__in=others).update(state=state):
        _trace(group, {"state": [group.state, state]})


def _trace(group: Group, data: dict[str, Any]) -> None:
    record(None, "groups.group.changed", group, unit_path=group.unit.path, data=data)


def _revoke(news: News) -> None:
    """The grant was withdrawn: only a new one brings the account back.

    News older than the latest grant is about the one before.
    """
    accounts = OfficialAccount.objects.select_for_update(of=("self",)).select_related("unit")
    account = accounts.get(pk=news.account.pk)
    is_about_an_earlier_one = account.granted_at is not None and account.granted_at > news.sent_at
    if account.state != AccountState.NEEDS_GRANT and not is_about_an_earlier_one:
        mark_stopped(account, ReauthorisationNeeded(None, "permission revoked"))


_CHANGES = {
    events.JOINED: _joined,
    events.LEFT: _left,
    events.CREATED: _exists,
    events.UPDATED: _exists,
    events.DELETED: _deleted,
}
