"""Procedures and contacts: found without diacritics, by old names, and with anything typed."""

import pytest
from django.utils import timezone

from groups.models import UnitChange
from portal.site.models import Contact, Procedure
from tests.factories import UnitFactory, make_area

pytestmark = pytest.mark.django_db


def test_procedures_are_grouped_and_found_without_diacritics(client):
    Procedure.objects.create(slug="tam-tru", title="Đăng ký tạm trú", field="Cư trú", steps="Mở VNeID\nNộp")
    Procedure.objects.create(slug="can-cuoc", title="Cấp thẻ căn cước", field="Căn cước", steps="Đến nơi")

    everything = client.get("/dich-vu-cong/").content.decode()
    found = client.get("/dich-vu-cong/", {"q": "tam tru"}).content.decode()
    by_short_name = client.get("/dich-vu-cong/", {"q": "CCCD"}).content.decode()

    assert everything.count('<section aria-labelledby="f') == 2
    assert "Đăng ký tạm trú" in found and "Cấp thẻ căn cước" not in found
    assert "Cấp thẻ căn cước" in by_short_name


def test_procedures_with_the_very_words_in_the_title_leave_out_scattered_ones(client):
    Procedure.objects.create(slug="tam-tru", title="Gia hạn tạm trú", field="Cư trú", steps="x")
    Procedure.objects.create(slug="tam-vang", title="Khai báo tạm vắng", field="Cư trú", steps="x")

    found = client.get("/dich-vu-cong/", {"q": "tam tru"}).content.decode()

    assert "Gia hạn tạm trú" in found and "Khai báo tạm vắng" not in found
    assert "Khai báo tạm vắng" in client.get("/dich-vu-cong/", {"q": "tam vang"}).content.decode()


def test_procedure_lists_steps_and_papers(client):
    Procedure.objects.create(
        slug="tam-tru",
        title="Đăng ký tạm trú",
        field="Cư trú",
        steps="Mở VNeID\n\nNộp hồ sơ",
        papers="Tờ khai CT01",
        fee="Không",
        online_url="https://dichvucong.gov.vn/",
    )

    html = client.get("/dich-vu-cong/tam-tru/").content.decode()

    assert "<li>Mở VNeID</li><li>Nộp hồ sơ</li>" in html
    assert "Tờ khai CT01" in html
    assert 'rel="noopener noreferrer"' in html


def test_contacts_find_a_commune_without_diacritics_and_show_its_numbers(client):
    area = make_area()
    area.commune_a.duty_phone = "02633881133"
    area.commune_a.save(update_fields=["duty_phone"])
    Contact.objects.create(name="Công an khu vực Sông Đồng", phone="02633880001", unit=area.district)

    found = client.get("/lien-he/", {"q": "minh tan"}).content.decode()
    card = client.get("/lien-he/", {"unit": area.commune_a.code}).content.decode()

    assert f"?unit={area.commune_a.code}" in found and area.commune_b.full_name not in found
    assert "0263 388 1133" in card
    assert "Công an khu vực Sông Đồng" in card
    assert f"/gui-tin/?unit={area.commune_a.code}" in card


def test_contacts_search_takes_the_province_into_account(client):
    area = make_area()
    UnitFactory(code="24002", name="Minh Tân", parent=area.other_province)

    html = client.get("/lien-he/", {"q": "Minh Tân Bắc Ninh"}).content.decode()

    assert "?unit=24002" in html and f"?unit={area.commune_a.code}" not in html


def test_contacts_search_by_old_name_leads_to_the_successor(client):
    area = make_area()
    today = timezone.localdate()
    old = UnitFactory(code="D6899", name="Thạch Hạ", parent=area.district, valid_to=today)
    change = UnitChange.objects.create(kind="merge", document="NQ 202/2025/QH15", effective_on=today)
    change.before.add(old)
    change.after.add(area.commune_a)

    html = client.get("/lien-he/", {"q": "thach ha"}).content.decode()

    assert f"?unit={area.commune_a.code}" in html
    assert "gồm địa bàn cũ: Xã Thạch Hạ" in html


@pytest.mark.parametrize("query", ["'", "')--", "%", "_", "\\", "\x01", "<b>", "x" * 500])
@pytest.mark.parametrize(
    "path", ["/tin-tuc/", "/truy-na/", "/dich-vu-cong/", "/lien-he/", "/kiem-tra/", "/gui-tin/"]
)
def test_search_with_hostile_input_answers_calmly(client, path, query):
    make_area()

    response = client.get(path, {"q": query})

    assert response.status_code == 200
    assert (
        "<b>" not in response.content.decode().replace("<b>113</b>", "").split("<main")[1].split("value=")[0]
    )


def test_unknown_unit_is_not_found(client):
    assert client.get("/lien-he/", {"unit": "NOPE"}).status_code == 404
