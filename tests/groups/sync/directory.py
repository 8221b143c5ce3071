"""One sync, and what it is compared with."""

from dataclasses import replace

from groups.models import Group
from groups.services import sync
from groups.zalo.fake import world
from portal.audit.models import AuditEntry

# No waiting between calls: a fifth of it is still one call each 3 ms.
FAST = 100_000


def run(account, **options) -> Group | None:
    assert sync.sync_accounts([account.pk], **options) == 1
    return account.groups.first()


def at_zalo(group, **changes) -> None:
    world.groups[group.zalo_group_id] = replace(world.groups[group.zalo_group_id], **changes)


def entries() -> list[dict]:
    return [entry.data for entry in AuditEntry.objects.filter(action="groups.group.changed").order_by("pk")]
