"""Priorities: a base per category, raised by phrases and never by look-alikes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.tips.samples import SAMPLES
from tips import priority
from tips.enums import Category, Priority


def guess(category: str, text: str, occurred_at=None) -> Priority:
    return priority.guess(category=category, text=text, occurred_at=occurred_at, now=timezone.now())


def test_every_category_has_a_base():
    assert set(priority.BASE) == set(Category.values)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_sample_tip_gets_its_priority(sample):
    assert guess(sample.category, sample.text) == sample.priority


@pytest.mark.parametrize(
    ("category", "text", "expected"),
    [
        ("GAY_ROI", "Hai nhóm thanh niên cầm dao đuổi nhau ngoài chợ", Priority.P0),
        ("GAY_ROI", "hai nhom thanh nien cam dao duoi nhau ngoai cho", Priority.P0),
        ("GAY_ROI", "Xóm này giá cả dao động, hát hò cả ngày", Priority.P3),
        ("KHAC", "Tôi bị lừa đảo trên mạng từ năm ngoái", Priority.P3),
        ("KHAC", "toi bi lua dao tren mang tu nam ngoai", Priority.P3),
        ("KHAC", "CÓ NGƯỜI KÊU CỨU Ở BỜ SÔNG", Priority.P0),
        ("KHAC", "Xe chạy nhà bên ồn quá", Priority.P3),
        ("TROM_CUOP", "Kẻ trộm đang ở trong nhà hàng xóm", Priority.P0),
        ("TROM_CUOP", "Tuần trước bị mất xe, tôi đang rất lo", Priority.P2),
        ("LUA_DAO", "Mẹ tôi vừa chuyển 20 triệu cho người lạ", Priority.P1),
        ("LUA_DAO", "Tháng trước tôi mất 20 triệu, nay muốn trình báo", Priority.P2),
        ("VU_KHI_PHAO", "Đào móng thấy quả bom han gỉ", Priority.P0),
        ("CHAY_NO", "Kho vải cuối hẻm đang cháy", Priority.P0),
        ("GIAO_THONG", "Ngã ba này dễ gây tai nạn, xin lắp gương", Priority.P3),
        ("GIAO_THONG", "Có tai nạn, xe tải tông xe máy", Priority.P0),
        ("MAT_TICH", "Bà cụ lẫn đi lạc từ sáng", Priority.P0),
        ("TTHC", "Cho hỏi làm căn cước cho cháu bé", Priority.P4),
        ("TTHC", "Tôi hỏi chút, nhà bên có tiếng kêu cứu", Priority.P0),
        ("TTHC", "nha ben co nguoi keu cuu, hoi goi so nao", Priority.P0),
        ("TTHC", "Bạn tôi nhắn là muốn tự tử, hỏi báo ai", Priority.P0),
        ("TTHC", "Nhà bị cháy lớn năm ngoái, hỏi cấp lại căn cước", Priority.P4),
        ("TTHC", "Hỏi thủ tục giao nộp, ông tôi có súng săn cũ", Priority.P4),
        ("TTHC", "Tôi đang cần gấp giấy xác nhận, cháu còn nhỏ", Priority.P4),
        ("TAI_SAN", "Kẻ lạ cầm dao đòi lại chiếc ví tôi nhặt được", Priority.P0),
        ("TAI_SAN", "ho cam dao doi cai vi", Priority.P0),
        ("TAI_SAN", "Nhặt được một con dao ở bến xe", Priority.P3),
        ("TAI_SAN", "Mất ví, bên trong có tiền mặt", Priority.P3),
        ("KHAC", "Nhặt được một con dao ở bến xe", Priority.P0),
    ],
)
def test_phrase_raises_or_does_not(category, text, expected):
    assert guess(category, text) == expected


def test_fraud_of_the_last_day_is_urgent_by_its_time():
    text = "Tôi bị lừa qua tài khoản lạ, cần giúp"
    assert guess("LUA_DAO", text, timezone.now() - timedelta(hours=5)) == Priority.P1
    assert guess("LUA_DAO", text, timezone.now() - timedelta(hours=30)) == Priority.P2
