"""The first words of a tip in a list, and what shows none."""

import pytest

from portal.desk.templatetags import desk
from tests.factories import TipFactory


@pytest.mark.django_db
def test_summary_hides_restricted_words_and_cuts_long_ones():
    assert desk.summary(TipFactory.build(category="TRE_EM", text="Bí mật")) == "Nội dung chỉ hiện khi mở tin"
    assert desk.summary(TipFactory.build(text="Một\n\nhai")) == "Một hai"
    assert desk.summary(TipFactory.build(text="từ " * 100)) == f"{'từ ' * 25}từ…"
    assert desk.summary(TipFactory.build(text=f"{'a' * 70}. {'b' * 20}")) == f"{'a' * 70}…"
    assert desk.summary(TipFactory.build(text="a" * 100)) == f"{'a' * 80}…"
