"""Re-encrypt every encrypted column under the first key of FIELD_KEYS."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, models
from django.utils.translation import gettext as _

from portal.crypto.errors import DecryptionError
from portal.crypto.fields import EncryptedTextField
from portal.crypto.keyring import KeyRing, get_ring


class Command(BaseCommand):
    """Move all encrypted data to the first key.

    Put the new key in front of the old one in FIELD_KEYS, restart every process, run this, and take the old
    key away once it reports nothing left. Rows already on the first key are skipped, so a run that was
    interrupted continues where it stopped; a row edited meanwhile keeps the edit.
    """

    help = _("Mã hóa lại mọi cột bằng khóa đầu tiên của FIELD_KEYS.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Batch size, database, dry run."""
        parser.add_argument("--batch-size", type=int, default=500)
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS)
        parser.add_argument("--dry-run", action="store_true", help=_("Chỉ đếm, không ghi."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate field after field and print what was done; fails when a row could not be read."""
        ring, total = get_ring(), Counter()
        for field in encrypted_fields():
            column = Column(field, ring, options["database"])
            if options["dry_run"]:
                counts = Counter(left=column.stale().count())
            else:
                counts = column.rotate(options["batch_size"])
            total += counts
            self.stdout.write(f"{field.context}: {_summary(counts)}")
        self.stdout.write(f"{_('Tổng')}: {_summary(total)}")
        if total["unreadable"]:
            raise CommandError(_("Có dòng không giải mã được. Đừng bỏ khóa cũ nào."))


def encrypted_fields() -> list[EncryptedTextField]:
    """Every encrypted column of the project, once."""
    return [
        field
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedTextField)
    ]


class Column:
    """One encrypted column, seen as the tokens it holds."""

    def __init__(self, field: EncryptedTextField, ring: KeyRing, database: str) -> None:
        self.field, self.ring = field, ring
        token = models.ExpressionWrapper(models.F(field.attname), output_field=models.TextField())
        rows = field.model._base_manager.using(database)
        self.tokens = rows.order_by().annotate(stored_token=token)

    def stale(self) -> models.QuerySet:
        """Rows with a token that is not under the first key."""
        on_first_key = models.Q(stored_token__startswith=self.ring.current_prefix)
        return self.tokens.filter(stored_token__isnull=False).exclude(on_first_key)

    def rotate(self, batch_size: int) -> Counter:
        """Re-encrypt in batches by primary key; returns counts of done, changed meanwhile, unreadable."""
        counts: Counter = Counter()
        batch = self._batch_after(None, batch_size)
        while batch:
            for pk, token in batch:
                counts[self._rotate_row(pk, token)] += 1
            batch = self._batch_after(batch[-1][0], batch_size)
        return counts

    def _batch_after(self, last_pk: Any, batch_size: int) -> list[tuple]:
        rows = self.stale() if last_pk is None else self.stale().filter(pk__gt=last_pk)
        return list(rows.order_by("pk").values_list("pk", "stored_token")[:batch_size])

    def _rotate_row(self, pk: Any, token: str) -> str:
        try:
            fresh = self.ring.reencrypt(token, self.field.context)
        except DecryptionError:
            return "unreadable"
        value = models.Value(fresh, output_field=models.TextField())
        # The old token in the condition: an edit since the read wins, and is on the first key anyway.
        updated = self.tokens.filter(pk=pk, stored_token=token).update(**{self.field.name: value})
        return "done" if updated else "changed"


def _summary(counts: Counter) -> str:
    names = {
        "done": _("đã mã hóa lại"),
        "left": _("chưa đổi khóa"),
        "changed": _("vừa được sửa, bỏ qua"),
        "unreadable": _("KHÔNG ĐỌC ĐƯỢC"),
    }
    return ", ".join(f"{counts[key]} {name}" for key, name in names.items() if counts[key]) or "0"
