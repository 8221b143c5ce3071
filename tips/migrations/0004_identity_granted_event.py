"""Leave to open a contact is a step of its own on the time line."""

from django.db import migrations, models

KINDS = [
    ("received", "Nhận tin"),
    ("accepted", "Tiếp nhận"),
    ("assigned", "Giao người xử lý"),
    ("verifying", "Bắt đầu xác minh"),
    ("replied", "Trả lời người gửi"),
    ("noted", "Ghi chú nội bộ"),
    ("sender_added", "Người gửi bổ sung"),
    ("reclassified", "Đổi loại, mức ưu tiên"),
    ("transferred", "Chuyển đơn vị khác"),
    ("merged", "Ghép vào vụ việc"),
    ("extended", "Gia hạn"),
    ("closed", "Kết thúc"),
    ("reopened", "Mở lại"),
    ("valued", "Đánh dấu có giá trị"),
    ("granted", "Cho xem thông tin người báo"),
    ("revealed", "Xem thông tin người báo"),
]


class Migration(migrations.Migration):
    dependencies = [("tips", "0003_transfer_stub")]

    operations = [
        migrations.AlterField(
            model_name="tipevent", name="kind", field=models.CharField(choices=KINDS, max_length=12)
        )
    ]
