"""Admin of procedures and contacts: who sees them, who changes them, what the trail keeps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.site.models import Contact, Procedure
from tests.factories import make_area, make_user

pytestmark = pytest.mark.django_db

CONTACTS = "/admin/site/contact/"
PROCEDURES = "/admin/site/procedure/"


@pytest.fixture
def area():
    return make_area()


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
