"""``manage.py retention``: erase what may no longer be kept; ``--dry-run`` only says what."""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from tips.keeping import Part
from tips.services import erasing, retention


class Command(BaseCommand):
    """The daily job by hand, or its plan: codes and reasons, never a word of a tip."""

    help = "Erase what may no longer be kept. --dry-run prints the plan and changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the plan, erase nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["dry_run"]:
            steps = retention.plan(now)
        else:
            retention.warn(now)
            steps = retention.run(now)
            erasing.remove_orphaned_files(now)
        for step in steps:
            self.stdout.write(f"{step.part.label}: {step.public_id} ({step.source})")
        numbers = Counter(step.part for step in steps)
        totals = ", ".join(f"{part.label}: {numbers[part]}" for part in Part)
        self.stdout.write((_("Sẽ xóa: %s") if options["dry_run"] else _("Đã xóa: %s")) % totals)
