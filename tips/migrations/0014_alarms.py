"""Duty rosters, alarms about urgent tips, devices that ring."""

import django.db.models.deletion
import django.utils.timezone
import portal.crypto.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("broadcasts", "0014_names_in_the_admin"),
        ("groups", "0010_names_in_the_admin"),
        ("tips", "0013_lists_of_a_million"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AlarmCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("mailed_at", models.DateTimeField(blank=True, null=True, verbose_name="đã gửi thư lúc")),
                ("pushed_at", models.DateTimeField(blank=True, null=True, verbose_name="đã đẩy tới máy lúc")),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="hết lúc")),
            ],
            options={
                "verbose_name": "lượt gọi người trực",
                "verbose_name_plural": "lượt gọi người trực",
            },
        ),
        migrations.CreateModel(
            name="DutyShift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(blank=True, null=True, verbose_name="ngày trực")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="thứ, hằng tuần"),
                ),
                ("set_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="xếp lúc")),
            ],
            options={
                "verbose_name": "ca trực",
                "verbose_name_plural": "ca trực",
            },
        ),
        migrations.CreateModel(
            name="PushDevice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("endpoint", portal.crypto.fields.EncryptedTextField(editable=False)),
                ("p256dh", portal.crypto.fields.EncryptedTextField(editable=False)),
                ("auth", portal.crypto.fields.EncryptedTextField(editable=False)),
                ("name", models.CharField(blank=True, max_length=60, verbose_name="máy")),
                (
                    "added_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="thêm lúc"),
                ),
            ],
            options={
                "verbose_name": "máy nhận báo khẩn",
                "verbose_name_plural": "máy nhận báo khẩn",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="TipAlarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "stage",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "trực ban"), (2, "chỉ huy đơn vị"), (3, "trực ban cấp trên")],
                        verbose_name="bậc",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="đến giờ")),
                ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="đã gọi lúc")),
                ("stopped_at", models.DateTimeField(blank=True, null=True, verbose_name="hết lúc")),
            ],
            options={
                "verbose_name": "báo động tin khẩn",
                "verbose_name_plural": "báo động tin khẩn",
                "ordering": ("-id",),
            },
        ),
        migrations.AlterField(
            model_name="tipevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("received", "Nhận tin"),
                    ("accepted", "Tiếp nhận"),
                    ("assigned", "Giao người xử lý"),
                    ("verifying", "Bắt đầu xác minh"),
                    ("replied", "Trả lời người gửi"),
                    ("noted", "Ghi chú nội bộ"),
                    ("sender_added", "Người gửi bổ sung"),
                    ("reclassified", "Đổi loại, mức ưu tiên"),
                    ("transferred", "Chuyển đơn vị khác"),
                    ("returned", "Trả lại đơn vị chuyển"),
                    ("referred", "Chuyển cơ quan khác"),
                    ("merged", "Ghép vào vụ việc"),
                    ("unmerged", "Tách khỏi vụ việc"),
                    ("paused", "Hỏi thêm người gửi, tạm dừng hạn"),
                    ("resumed", "Hạn chạy tiếp"),
                    ("asked_time", "Đề nghị gia hạn"),
                    ("refused_time", "Không duyệt gia hạn"),
                    ("extended", "Gia hạn"),
                    ("escalated", "Quá hạn, báo cấp chỉ huy"),
                    ("closed", "Kết thúc"),
                    ("reopened", "Mở lại"),
                    ("rated", "Người gửi đánh giá"),
                    ("valued", "Đánh dấu có giá trị"),
                    ("granted", "Cho xem thông tin người báo"),
                    ("revealed", "Xem thông tin người báo"),
                    ("no_receipt", "Không gửi được mã theo dõi cho người nhắn"),
                    ("alarmed", "Báo động tin khẩn"),
                    ("named", "Ghi tên cán bộ bị phản ánh"),
                    ("asked", "Xin xem thông tin người báo"),
                    ("refused", "Không cho xem thông tin người báo"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="tip",
            index=models.Index(
                condition=models.Q(("priority", 0), ("status__in", ("new", "transferred", "reopened"))),
                fields=["received_at"],
                name="tip_urgent_untaken_idx",
            ),
        ),
        migrations.AddField(
            model_name="alarmcall",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="người được gọi",
            ),
        ),
        migrations.AddField(
            model_name="dutyshift",
            name="set_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="người xếp",
            ),
        ),
        migrations.AddField(
            model_name="dutyshift",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="duty_shifts",
                to="groups.unit",
                verbose_name="đơn vị",
            ),
        ),
        migrations.AddField(
            model_name="dutyshift",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="người trực",
            ),
        ),
        migrations.AddField(
            model_name="pushdevice",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="push_devices",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="tipalarm",
            name="tip",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="alarms", to="tips.tip"
            ),
        ),
        migrations.AddField(
            model_name="tipalarm",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="groups.unit",
                verbose_name="đơn vị",
            ),
        ),
        migrations.AddField(
            model_name="alarmcall",
            name="alarm",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="tips.tipalarm"
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyshift",
            constraint=models.UniqueConstraint(fields=("unit", "day", "user"), name="duty_day_once"),
        ),
        migrations.AddConstraint(
            model_name="dutyshift",
            constraint=models.UniqueConstraint(fields=("unit", "weekday", "user"), name="duty_weekday_once"),
        ),
        migrations.AddConstraint(
            model_name="dutyshift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("day", None), ("weekday__range", (0, 6))),
                    models.Q(("day__isnull", False), ("weekday", None)),
                    _connector="OR",
                ),
                name="duty_day_or_weekday",
            ),
        ),
        migrations.AddIndex(
            model_name="tipalarm",
            index=models.Index(
                condition=models.Q(("stopped_at", None), ("told_at", None)),
                fields=["due_at"],
                name="tipalarm_due_idx",
            ),
        ),
        migrations.AddConstraint(
            model_name="tipalarm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stopped_at", None)),
                fields=("tip", "stage"),
                name="tipalarm_once_per_stage",
            ),
        ),
        migrations.AddIndex(
            model_name="alarmcall",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["user"], name="alarmcall_ringing_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="alarmcall",
            index=models.Index(
                condition=models.Q(("done_at", None), ("ended_at", None)),
                fields=["id"],
                name="alarmcall_to_send_idx",
            ),
        ),
        migrations.AddConstraint(
            model_name="alarmcall",
            constraint=models.UniqueConstraint(fields=("alarm", "user"), name="alarmcall_once"),
        ),
    ]
