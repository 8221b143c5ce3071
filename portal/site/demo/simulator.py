"""Names and sizes of the demo's groups for the Zalo simulator, in the file it reads beside its state."""

import json
from pathlib import Path

from django.conf import settings

from groups.enums import Channel
from groups.models import Group, OfficialAccount

SEED_FILE = "zalo-simulator-seed.json"


def write_seed_file(*, under: str, path: Path | None = None) -> bool:
    """Write accounts and groups below the unit path ``under``; False when the file says so already."""
    path = path or settings.VAR_DIR / SEED_FILE
    groups = (
        Group.objects.filter(channel=Channel.GMF, unit__path__startswith=under)
        .order_by("pk")
        .values_list("zalo_group_id", "official_account__oa_id", "name", "members_count")
    )
    accounts = OfficialAccount.objects.filter(unit__path__startswith=under).order_by("pk")
    rows = {
        "accounts": [
            {"oa_id": oa_id, "name": name, "app_id": app_id}
            for oa_id, name, app_id in accounts.values_list("oa_id", "name", "app_id")
        ],
        "groups": [
            # Zalo counts the account among the members, the directory does not.
            {"group_id": group_id, "oa_id": oa_id, "name": name, "size": members + 1}
            for group_id, oa_id, name, members in groups
        ],
    }
    content = json.dumps(rows, ensure_ascii=False, indent=1)
    if path.exists() and path.read_text(encoding="utf-8") == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)
    return True
