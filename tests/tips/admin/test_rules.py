"""Prepared answers and terms in the admin: kept by those above, for their own area."""

import pytest

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.clients import browser_of
from tests.factories import make_user
from tips.models import AnswerTemplate

pytestmark = pytest.mark.django_db
ANSWERS = "/admin/tips/answertemplate/"


def test_supervisor_keeps_the_answers_of_the_area(desk, area):
    there = AnswerTemplate.objects.create(unit=area.commune_c, title="Của nơi khác", text="Không thấy")
    form = {"unit": area.commune_a.pk, "title": "Tạm trú", "category": "CU_TRU", "text": "Mời anh/chị"}
    assert desk.post(f"{ANSWERS}add/", {**form, "procedure": "", "is_active": "on"}).status_code == 302
    made = AnswerTemplate.objects.get(title="Tạm trú")
    listed = desk.get(ANSWERS).content.decode()
    assert made.title in listed and there.title not in listed
    assert desk.get(f"{ANSWERS}{there.pk}/change/").status_code == 404
    assert AuditEntry.objects.get(action="tips.template.changed").target_id == str(made.pk)
    outside = desk.post(f"{ANSWERS}add/", {**form, "unit": area.commune_c.pk})
    assert outside.status_code == 200 and AnswerTemplate.objects.count() == 2


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CHIEF, Role.OFFICER, Role.RELAY])
def test_answers_are_not_for_other_roles(area, role):
    client = browser_of(make_user(role, area.commune_a))
    assert client.get(ANSWERS).status_code in (302, 403)


@pytest.mark.parametrize(
    ("table", "what", "length", "source"),
    [
        ("deadlinerule", "Giải quyết tố giác, tin báo", "20 ngày", "Bộ luật Tố tụng hình sự 2015, Điều 147"),
        ("retentionrule", "Thông tin người báo", "365 ngày", "91/2025/QH15"),
    ],
)
def test_built_in_terms_stand_above_those_decided_here(area, table, what, length, source):
    client = browser_of(make_user(Role.ADMINISTRATOR, area.province))
    body = client.get(f"/admin/tips/{table}/").content.decode()
    rows = [row for row in body.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>") if what in row]
    assert any(length in row and source in row for row in rows)
