"""Read the groups of official accounts at Zalo now: names, links, sizes, states and slots."""

from django.core.management.base import BaseCommand, CommandError

from groups.enums import AccountKind, AccountState
from groups.models import OfficialAccount
from groups.services import sync


class Command(BaseCommand):
    help = "Đồng bộ danh bạ nhóm với Zalo cho mọi tài khoản OA đang hoạt động, hoặc cho một tài khoản."

    def add_arguments(self, parser):
        parser.add_argument("--oa-id", help="chỉ tài khoản này")
        parser.add_argument(
            "--seconds", type=float, default=600.0, help="dừng sau chừng ấy giây, mặc định 600"
        )

    def handle(self, *args, **options):
        accounts = OfficialAccount.objects.filter(state=AccountState.ACTIVE, kind=AccountKind.OA)
        accounts = accounts.order_by("unit__path", "pk")
        if options["oa_id"]:
            accounts = accounts.filter(oa_id=options["oa_id"])
            if not accounts.exists():
                raise CommandError(f"Không có tài khoản OA {options['oa_id']} đang hoạt động.")
        ids = list(accounts.values_list("pk", flat=True))
        done = sync.sync_accounts(ids, seconds=options["seconds"])
        for account in OfficialAccount.objects.filter(pk__in=ids).order_by("unit__path", "pk"):
            self.stdout.write(f"{account.oa_id} {account}: {sync.result_words(account)}")
        self.stdout.write(f"Đã đọc {done}/{len(ids)} tài khoản.")
