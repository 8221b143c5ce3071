"""What a failed call says about its account or group, and how an account that works again is noticed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from broadcasts.engine.outcomes import Call
from broadcasts.enums import CLAIMABLE, DeliveryState
from broadcasts.models import Delivery
from groups.enums import AccountState, GroupState
from groups.models import Group, OfficialAccount
from groups.zalo.errors import ReauthorisationNeeded, Scope, ZaloError
from portal.audit.services import record

# Zalo's code for "the account is no longer in this group"; the other group codes mean a disabled group.
NOT_IN_GROUP = -403


def stop(call: Call, error: ZaloError) -> None:
    """Take the account (or only the group) out of service, and block what waits for it."""
    if error.scope == Scope.ACCOUNT:
        _stop_account(call.account_id, error)
    else:
        _stop_group(call.group_id, error)


def _stop_account(account_id: int, error: ZaloError) -> None:
    now, detail = timezone.now(), str(error.detail_vi)[:300]
    needs_grant = isinstance(error, ReauthorisationNeeded)
    state = AccountState.NEEDS_GRANT if needs_grant else AccountState.STOPPED
    with transaction.atomic():
        account = OfficialAccount.objects.select_related("unit").get(pk=account_id)
        stopped = OfficialAccount.objects.filter(pk=account_id, state=AccountState.ACTIVE).update(
            state=state, last_error=detail, last_error_at=now
        )
        # A trial that failed for the same reason as before is no news.
        if stopped and account.last_error != detail:
            action = "groups.account.needs_grant" if needs_grant else "groups.account.stopped"
            record(None, action, account, unit_path=account.unit.path, data={"code": error.code})
        block_waiting(account_id, detail, now=now)


def block_waiting(account_id: int, detail: str, *, now: datetime) -> int:
    """Rows that wait for the account are shown as blocked; they come back when it works again."""
    return Delivery.objects.filter(account_id=account_id, state__in=CLAIMABLE).update(
        state=DeliveryState.BLOCKED, last_error=detail, updated_at=now
    )


def _stop_group(group_id: int, error: ZaloError) -> None:
    state = GroupState.VANISHED if error.code == NOT_IN_GROUP else GroupState.DISABLED
    with transaction.atomic():
        changed = Group.objects.filter(pk=group_id, state=GroupState.ACTIVE).update(state=state)
        if changed:
            group = Group.objects.select_related("unit").get(pk=group_id)
            data = {"state": state.value, "code": error.code}
            record(None, "groups.group.changed", group, unit_path=group.unit.path, data=data)


def note_success(account_ids: Iterable[int], *, now: datetime) -> None:
    """Accounts that have just sent work: an error of the past is past."""
    OfficialAccount.objects.filter(pk__in=list(account_ids), state=AccountState.ACTIVE).update(
        last_good_at=now, last_error="", last_error_at=None
    )
