"""Load the demonstration: units, people, groups and everything that happens in them."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from groups.models import Group, Member, Unit
from portal.site.demo import activity, answers, directory, district, public, simulator
from portal.site.demo import scale as scaling


class Command(BaseCommand):
    help = "Nạp dữ liệu mẫu (chỉ khi DEBUG bật). Chạy lại không sinh dòng trùng và không sửa gì đã có."

    def add_arguments(self, parser):
        parser.add_argument(
            "--scale",
            choices=("district", "province", "country"),
            default="district",
            help="cỡ dữ liệu: một khu vực (mặc định), một tỉnh, cả nước",
        )

    def handle(self, *args, scale, **options):
        if not settings.DEBUG:
            raise CommandError(
                "Dữ liệu mẫu chỉ nạp được khi DEBUG bật: tài khoản mẫu có mật khẩu ai cũng biết."
            )
        with transaction.atomic():
            directory.make_units()
            directory.make_staff()
            directory.make_accounts([*district.COMMUNES, district.OTHER_COMMUNE])
            directory.add_groups(list(district.group_plans()), district_code=district.DISTRICT_CODE)
            public.make_contacts()
            public.make_procedures()
            public.make_holidays()
            answers.make_answers()
            activity.make_posts()
        # Apart from the rest: files are written, and work is announced when these commit.
        activity.make_broadcasts()
        activity.make_tips()
        self._enlarge(scale)
        simulator.write_seed_file(under=f"{district.PROVINCE_CODE}/")
        self._report()

    def _enlarge(self, scale):
        if scale in ("province", "country"):
            scaling.make_province()
        if scale == "country":
            for done in scaling.make_country():
                self.stdout.write(f"{done} xã, phường…", ending="\r")
                self.stdout.flush()
        if scale != "district":
            self.stdout.write(scaling.totals())

    def _report(self):
        top = Unit.objects.get(code=district.DISTRICT_CODE)
        units, groups = Unit.objects.under(top), Group.objects.under(top)
        members = Member.objects.filter(group__unit__path__startswith=top.path)
        self.stdout.write(
            f"{top.full_name}: {units.communes().count()} xã, phường; {units.villages().count()} thôn, "
            f"tổ dân phố; {groups.count()} nhóm; {members.count()} thành viên."
        )
