"""Steps of the time line that came later: choices only, no column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tips", "0008_zalo_file")]

    operations = [
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
                ],
                max_length=12,
            ),
        )
    ]
