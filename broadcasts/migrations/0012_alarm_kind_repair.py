from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("broadcasts", "0011_used_key")]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("beat", "Nhịp hệ thống đã dừng"),
                    ("worker", "Không có tiến trình gửi nào làm việc"),
                    ("broker", "Không liên lạc được với máy chủ hàng đợi"),
                    ("needs_grant", "Tài khoản cần cấp quyền lại"),
                    ("stopped", "Tài khoản đã dừng gửi"),
                    ("breaker", "Không kết nối được tới Zalo"),
                    ("stalled", "Bài đến giờ mà chưa gửi"),
                    ("dead", "Có lượt không tới được nhóm"),
                    ("overdue", "Quá hạn chưa có người đăng"),
                    ("webhook", "Tin từ Zalo bị ứ lại"),
                    ("expires", "Nhóm sắp hết hạn sử dụng"),
                    ("repair", "Việc kiểm tra định kỳ bị lỗi"),
                ],
                max_length=12,
                verbose_name="loại",
            ),
        )
    ]
