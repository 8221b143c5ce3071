"""A notice follows the posts about it: public with the first approval, gone with the last post.

Each change locks the notice first, so that two posts stopped at once do not both count on the other.
"""

from typing import Any

from django.utils import timezone

from broadcasts.enums import BroadcastState, NoticeEnd, NoticeState
from broadcasts.models import Broadcast, Notice
from portal.audit.services import record

# States of posts that make, or made, a notice public.
LIVE = (
    BroadcastState.APPROVED,
    BroadcastState.EXPANDING,
    BroadcastState.SENDING,
    BroadcastState.PAUSED,
    BroadcastState.DONE,
)


def activate(broadcast: Broadcast, *, actor: Any) -> None:
    """An approved post makes its notice public. Inside the approval's transaction."""
    drafts = Notice.objects.filter(pk=broadcast.notice_id, state=NoticeState.DRAFT)
    if drafts.update(state=NoticeState.ACTIVE):
        trace_notice(actor, "broadcasts.notice.activated", broadcast.notice)


def back_to_draft(broadcast: Broadcast, *, actor: Any) -> None:
    """Its post was cancelled, and no other one is out or about to go out: off the public pages."""
    if _is_unused(broadcast) and _active(broadcast).update(state=NoticeState.DRAFT):
        trace_notice(actor, "broadcasts.notice.deactivated", broadcast.notice)


def end_as_withdrawn(broadcast: Broadcast, *, actor: Any) -> None:
    """Its last post was withdrawn: name and face leave the public pages with it."""
    ending = {"state": NoticeState.ENDED, "ended_as": NoticeEnd.WITHDRAWN, "ended_on": timezone.now()}
    if _is_unused(broadcast) and _active(broadcast).update(**ending):
        trace_notice(actor, "broadcasts.notice.ended", broadcast.notice, ended_as=NoticeEnd.WITHDRAWN.value)


def trace_notice(actor: Any, action: str, notice: Notice, **data: Any) -> None:
    """Record ``action``; the entry names the code, never the person."""
    record(actor, action, notice, unit_path=notice.unit.path, data={"code": notice.code, **data})


def _active(broadcast: Broadcast) -> Any:
    return Notice.objects.filter(pk=broadcast.notice_id, state=NoticeState.ACTIVE)


def _is_unused(broadcast: Broadcast) -> bool:
    if broadcast.notice_id is None:
        return False
    Notice.objects.select_for_update().get(pk=broadcast.notice_id)
    others = Broadcast.objects.filter(notice_id=broadcast.notice_id, state__in=LIVE)
    return not others.exclude(pk=broadcast.pk).exists()
