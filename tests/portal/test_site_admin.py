"""Admin of procedures and contacts: who sees them, who changes them, what the trail keeps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.site.models import Contact, Procedure
from tests.factories import make_user

pytestmark = pytest.mark.django_db

CONTACTS = "/admin/site/contact/"
PROCEDURES = "/admin/site/procedure/"


@pytest.fixture
def national():
    return Contact.objects.create(name="Chặn cuộc gọi lừa đảo", phone="156")


def values(contact, **changes):
    fields = {"name": contact.name, "phone": contact.phone, "purpose": "", "unit": contact.unit_id or ""}
    return {**fields, "position": contact.position, **changes}


def edit(client, contact, **changes):
    return client.post(f"{CONTACTS}{contact.pk}/change/", values(contact, **changes))


def test_contacts_of_other_areas_do_not_exist(client, area, national):
    own = Contact.objects.create(name="Trực ban Minh Tân", phone="02633881133", unit=area.commune_a)
    other = Contact.objects.create(name="Trực ban Bắc Ninh", phone="02223881133", unit=area.commune_c)
    client.force_login(make_user(Role.SUPERVISOR, area.district))

    html = client.get(CONTACTS).content.decode()

    assert own.name in html and national.name in html and other.name not in html
    assert client.get(f"{CONTACTS}{other.pk}/change/").status_code == 404
    assert edit(client, other, name="Chiếm").status_code == 404


def test_supervisor_changes_contacts_of_the_area_but_not_of_the_country(client, area, national):
    own = Contact.objects.create(name="Trực ban Minh Tân", phone="02633881133", unit=area.commune_a)
    client.force_login(make_user(Role.SUPERVISOR, area.district))

    assert edit(client, own, name="Trực ban mới").status_code == 302
    assert edit(client, national, name="Chiếm").status_code == 403

    assert set(Contact.objects.values_list("name", flat=True)) == {"Trực ban mới", national.name}
    entry = AuditEntry.objects.get(action="site.contact.changed")
    assert entry.data == {"fields": ["name"]}


def test_administrator_changes_numbers_of_the_country(client, area, national):
    client.force_login(make_user(Role.ADMINISTRATOR, area.province))

    assert edit(client, national, phone="5656").status_code == 302
    assert Contact.objects.get().phone == "5656"


def test_supervisor_makes_no_number_of_the_whole_country(client, area):
    own = Contact.objects.create(name="Trực ban Minh Tân", phone="02633881133", unit=area.commune_a)
    client.force_login(make_user(Role.SUPERVISOR, area.district))

    added = client.post(f"{CONTACTS}add/", values(Contact(name="Số lạ", phone="0912345678")))
    blanked = edit(client, own, unit="")
    elsewhere = edit(client, own, unit=area.commune_c.pk)

    assert [added.status_code, blanked.status_code, elsewhere.status_code] == [200, 200, 200]
    assert list(Contact.objects.values_list("name", "unit")) == [(own.name, area.commune_a.pk)]


def test_emergency_mark_is_set_by_administrators_of_a_province_only(client, area):
    own = Contact.objects.create(name="Trực ban Minh Tân", phone="02633881133", unit=area.commune_a)
    client.force_login(make_user(Role.SUPERVISOR, area.district))

    assert edit(client, own, is_emergency="on", name="Trực ban mới").status_code == 302
    own.refresh_from_db()
    assert (own.name, own.is_emergency) == ("Trực ban mới", False)

    client.force_login(make_user(Role.ADMINISTRATOR, area.province))
    assert edit(client, own, is_emergency="on").status_code == 302
    own.refresh_from_db()
    assert own.is_emergency


def test_administrator_below_the_province_has_no_say_for_the_country(client, area, national):
    procedure = Procedure.objects.create(slug="tam-tru", title="Tạm trú", field="Cư trú", steps="Mở VNeID")
    client.force_login(make_user(Role.ADMINISTRATOR, area.district))
    fields = {"title": "Chiếm", "slug": "chiem", "field": "Cư trú", "steps": "x"}

    assert edit(client, national, phone="0912345678").status_code == 403
    assert client.post(f"{CONTACTS}{national.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{CONTACTS}add/", values(Contact(name="Số lạ", phone="5656"))).status_code == 200
    assert client.get(f"{PROCEDURES}{procedure.pk}/change/").status_code == 200
    assert client.post(f"{PROCEDURES}{procedure.pk}/change/", fields).status_code == 403
    assert client.post(f"{PROCEDURES}{procedure.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{PROCEDURES}add/", fields).status_code == 403
    client.post(PROCEDURES, {"action": "mark_reviewed", "_selected_action": [procedure.pk]})

    assert Contact.objects.get().phone == "156"
    assert Procedure.objects.values_list("title", "reviewed_on").get() == ("Tạm trú", None)


def test_administrator_of_a_province_keeps_procedures_and_adds_national_numbers(client, area):
    client.force_login(make_user(Role.ADMINISTRATOR, area.province))
    fields = {"title": "Tách hộ", "slug": "tach-ho", "field": "Cư trú", "steps": "Nộp hồ sơ"}

    assert client.post(f"{PROCEDURES}add/", fields).status_code == 302
    assert client.post(f"{CONTACTS}add/", values(Contact(name="Tổng đài", phone="5656"))).status_code == 302

    assert Procedure.objects.get().title == "Tách hộ"
    assert Contact.objects.get().unit is None


def test_auditor_only_reads(client, area, national):
    client.force_login(make_user(Role.AUDITOR, area.province))

    assert client.get(f"{CONTACTS}{national.pk}/change/").status_code == 200
    assert edit(client, national, name="Chiếm").status_code == 403


@pytest.mark.parametrize("role", [Role.OFFICER, Role.RELAY])
def test_others_have_no_part_in_it(client, area, role):
    client.force_login(make_user(role, area.commune_a, is_staff=True))

    assert client.get(CONTACTS).status_code == 403
    assert client.get(PROCEDURES).status_code == 403


def test_search_ignores_diacritics(client, area, national):
    Procedure.objects.create(slug="tam-tru", title="Đăng ký tạm trú", field="Cư trú", steps="Mở VNeID")
    client.force_login(make_user(Role.ADMINISTRATOR, area.province))

    assert "Đăng ký tạm trú" in client.get(PROCEDURES, {"q": "dang ky tam tru"}).content.decode()
    assert national.name in client.get(CONTACTS, {"q": "lua dao"}).content.decode()
    assert national.name not in client.get(CONTACTS, {"q": "chay"}).content.decode()


def test_procedures_nobody_looked_at_for_half_a_year_are_found_and_marked(client, area):
    today = timezone.localdate()
    old = Procedure.objects.create(
        slug="cu", title="Thủ tục cũ", field="Cư trú", steps="x", reviewed_on=today - timedelta(days=200)
    )
    Procedure.objects.create(slug="moi", title="Thủ tục mới", field="Cư trú", steps="x", reviewed_on=today)
    client.force_login(make_user(Role.ADMINISTRATOR, area.province))

    due = client.get(PROCEDURES, {"review": "due"}).content.decode()
    client.post(PROCEDURES, {"action": "mark_reviewed", "_selected_action": [old.pk]})

    assert "Thủ tục cũ" in due and "Thủ tục mới" not in due
    old.refresh_from_db()
    assert old.reviewed_on == today
    assert AuditEntry.objects.filter(action="site.procedure.changed").count() == 1
