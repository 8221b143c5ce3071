"""What the sender thinks of the answer: from the follow page, by the receipt, once for each closing."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tips.models import Rating, Tip
from tips.services import closing, handling, merging, rating
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

WORDS = "Cảm ơn, nhưng quán vẫn hát tới khuya"


@pytest.fixture
def closed(draft, officer):
    """A receipt and its tip that has ended."""
    sent = submit_tip(draft())
    tip = handling.accept(sent.tip, actor=officer, version=1)
    tip = closing.close(
        tip, actor=officer, version=2, outcome="guided", public_reason="Đã nhắc quán giữ yên lặng sau 22 giờ."
    )
    return sent.receipt, tip


def page(receipt, **fields):
    response = Client().post(reverse("tips:follow"), {"receipt": receipt, **fields})
    return response, unescape(response.content.decode())


def test_sender_rates_without_javascript_and_is_thanked(closed):
    receipt, tip = closed
    assert "Quý công dân thấy kết quả thế nào?" in page(receipt)[1]
    _response, text = page(receipt, action="rate", stars="2", words=WORDS)
    assert text.index("Cảm ơn Quý công dân") < text.index("<h1>")
    assert "Quý công dân thấy kết quả thế nào?" not in text
    found = Rating.objects.get()
    assert (found.tip, found.stars, found.words, found.at.second) == (tip, 2, WORDS, 0)


def test_words_are_encrypted_and_in_no_audit_entry(closed):
    page(closed[0], action="rate", stars="4", words=WORDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM tips_rating")
        assert WORDS not in str(cursor.fetchone()[0])
    assert AuditEntry.objects.get(action="tips.tip.rated").data == {}


@pytest.mark.parametrize("stars", ["", "0", "6", "x", "5.5"])
def test_nonsense_is_explained_and_the_words_stay(closed, stars):
    _response, text = page(closed[0], action="rate", stars=stars, words=WORDS)
    assert text.index("Xin chọn từ 1 đến 5.") < text.index("<h1>")
    assert WORDS in text
    assert not Rating.objects.exists()


def test_second_press_keeps_the_first_rating(closed):
    for stars in ("5", "1"):
        page(closed[0], action="rate", stars=stars)
    assert [row.stars for row in Rating.objects.all()] == [5]


def test_open_tip_cannot_be_rated(draft):
    sent = submit_tip(draft())
    text = page(sent.receipt)[1]
    assert "Đánh giá kết quả" not in text
    page(sent.receipt, action="rate", stars="5")
    assert not Rating.objects.exists()


def test_sender_reopens_with_words_and_may_rate_the_next_end(closed, officer):
    receipt, _tip = closed
    page(receipt, action="rate", stars="1")
    text = page(receipt)[1]
    assert "Mở lại tin" in text
    page(receipt, action="add", text="Tối qua quán lại hát tới một giờ sáng")
    tip = Tip.objects.select_related("handler").get()
    assert tip.status == "reopened"
    closing.close(
        tip,
        actor=officer,
        version=tip.version,
        outcome="guided",
        public_reason="Đã lập biên bản quán lần hai.",
    )
    page(receipt, action="rate", stars="5")
    assert [row.stars for row in Rating.objects.all()] == [1, 5]


def test_after_fourteen_days_nothing_reopens_it(closed):
    receipt, tip = closed
    Tip.objects.update(closed_at=timezone.now() - timedelta(days=15))
    assert "Mở lại tin" not in page(receipt)[1]


@pytest.fixture
def joined(draft, area):
    """Two receipts of one matter that has ended, main tip first, and the chief who joined them."""
    chief = make_user(Role.CHIEF, area.commune_a)
    main, second = submit_tip(draft()), submit_tip(draft())
    merging.merge(second.tip, actor=chief, version=1, into=main.tip)
    tip = handling.accept(main.tip, actor=chief, version=Tip.objects.get(pk=main.tip.pk).version)
    why = "Đã nhắc quán giữ yên lặng sau 22 giờ."
    closing.close(tip, actor=chief, version=tip.version, outcome="guided", public_reason=why)
    return main, second, chief


def test_sender_of_a_duplicate_rates_the_answer_too(joined):
    main, second, chief = joined
    assert "Quý công dân thấy kết quả thế nào?" in page(second.receipt)[1]
    for stars in ("2", "5"):
        page(second.receipt, action="rate", stars=stars, words=WORDS)
    assert "Quý công dân thấy kết quả thế nào?" not in page(second.receipt)[1]
    page(main.receipt, action="rate", stars="4")
    found = [(row.tip_id, row.stars) for row in Rating.objects.all()]
    assert found == [(second.tip.pk, 2), (main.tip.pk, 4)]
    for tip, stars in ((main.tip, [2, 4]), (second.tip, [2])):
        told = rating.ratings_for(chief, Tip.objects.select_related("handler").get(pk=tip.pk))
        assert [row.stars for row in told] == stars


def test_sender_of_a_duplicate_reopens_the_matter_and_is_told_until_when(joined):
    main, second, _chief = joined
    assert "Mở lại tin" in page(second.receipt)[1]
    _response, text = page(second.receipt, action="add", text="Tối qua quán lại hát tới một giờ sáng")
    states = dict(Tip.objects.values_list("pk", "status"))
    assert states == {main.tip.pk: "reopened", second.tip.pk: "duplicate"}
    assert "Mở lại tin" not in page(second.receipt)[1]
    page(second.receipt, action="rate", stars="1")
    assert not Rating.objects.exists()


@pytest.mark.parametrize("change", [{"days": 15}, {"status": "spam"}])
def test_nobody_writes_to_a_matter_that_has_ended_for_good(joined, change):
    main, second, _chief = joined
    if "days" in change:
        Tip.objects.filter(pk=main.tip.pk).update(closed_at=timezone.now() - timedelta(days=15))
    else:
        Tip.objects.filter(pk=main.tip.pk).update(**change)
    page(second.receipt, action="add", text="Tối qua quán lại hát tới một giờ sáng")
    assert not Tip.objects.get(pk=second.tip.pk).messages.filter(author=None).exists()
    assert "xin gửi một tin mới" in page(second.receipt)[1]


def test_chief_reads_it_and_a_colleague_does_not(closed, area, officer):
    page(closed[0], action="rate", stars="2", words=WORDS)
    chief = make_user(Role.CHIEF, area.commune_a)
    pages = {}
    for user in (chief, officer):
        client = Client()
        client.force_login(user)
        pages[user] = unescape(client.get(reverse("desk:tip", args=[closed[1].public_id])).content.decode())
    assert WORDS in pages[chief]
    assert WORDS not in pages[officer]


def test_summary_is_of_the_unit(closed):
    page(closed[0], action="rate", stars="4")
    now = timezone.now()
    start, end = now - timedelta(days=1), now + timedelta(days=1)
    assert rating.summary(Tip.objects.all(), start, end) == {"number": 1, "mean": 4.0}
    assert rating.summary(Tip.objects.none(), start, end) == {"number": 0, "mean": None}
