"""Requests about one's own data, and breaches with their 72 hours."""

from datetime import timedelta
from html import unescape

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db.models import F, Value
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.crypto.errors import DecryptionError
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import make_user
from tips import tasks
from tips.models import Breach, Contact, DataRequest, Tip
from tips.services import breaches, conduct, requests, retention
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

WORDS = "Xóa số điện thoại của tôi"
SECRET = "Gửi nhầm danh sách có tên và số điện thoại"


@pytest.fixture
def administrator(area):
    return make_user(Role.ADMINISTRATOR, area.province, email="admin@x.vn")


@pytest.fixture
def sent(draft):
    return submit_tip(draft(contact_name="Nguyễn Văn A", contact_phone="0912345678"))


def follow_page(receipt, **fields):
    return unescape(Client().post(reverse("tips:follow"), {"receipt": receipt, **fields}).content.decode())


def asked(sent):
    follow_page(sent.receipt, action="ask", kind="delete", words=WORDS)
    return DataRequest.objects.select_related("unit", "tip__handler").get()


def now_(row):
    return DataRequest.objects.select_related("unit", "tip__handler").get(pk=row.pk)


@pytest.fixture
def ended(sent):
    Tip.objects.update(status="closed", closed_at=timezone.now())
    return sent


def register_pages(user, row):
    """What the person reads about a request in the register, and what each act on it answers."""
    client = Client()
    client.force_login(user)
    listed = client.get(reverse("desk:data_requests")).content.decode()
    page = client.get(reverse("desk:data_request", args=[row.code]))
    answers = []
    for name, values in (
        ("confirm", {"check": "receipt"}),
        ("grant", {"reason": "Đúng quyền của dân", "done": "Đã xóa hết", "erase_content": "on"}),
    ):
        answer = client.post(reverse("desk:data_request_act", args=[row.code, name]), values)
        answers.append(answer.status_code)
    return row.code in listed, page.status_code, unescape(page.content.decode()), answers


class TestRightsOfTheTip:
    def test_supervisor_named_in_a_complaint_knows_nothing_of_its_requests(self, draft, supervisor, area):
        sent = submit_tip(draft(category="CAN_BO", text="Ông Nam chỉ huy huyện đòi tiền bà con"))
        row = asked(sent)
        second, top = make_user(Role.SUPERVISOR, area.district), make_user(Role.SUPERVISOR, area.province)
        conduct.sort_out(row.tip, actor=second, version=1, kind="complaint", officer=supervisor)
        is_listed, status, text, answers = register_pages(supervisor, row)
        assert (is_listed, status, answers) == (False, 404, [404, 404]) and WORDS not in text
        with pytest.raises(NotAllowedError):
            requests.confirm(now_(row), actor=supervisor, check="receipt")
        # It went with its tip to the province.
        assert not DataRequest.objects.visible_to(second).exists()
        is_listed, status, text, _answers = register_pages(top, row)
        assert (is_listed, status) == (True, 200) and WORDS in text
        assert Tip.objects.get().text

    def test_outside_the_circle_a_request_has_no_words_and_no_tip(self, draft, area, administrator):
        tip = submit_tip(draft(category="TRE_EM", contact_name="Bà Hoa", contact_phone="0912345678"))
        row = asked(tip)
        is_listed, status, text, answers = register_pages(administrator, row)
        assert (is_listed, status, answers) == (True, 200, [302, 403])
        assert WORDS not in text and tip.tip.public_id not in text
        assert Contact.objects.exists() and DataRequest.objects.get().state == "confirmed"
        member = make_user(Role.SUPERVISOR, area.district, restricted_circle=True)
        _listed, _status, text, _answers = register_pages(member, row)
        assert WORDS in text and tip.tip.public_id in text

    def test_sender_reads_nothing_of_what_others_asked_about_their_tip(self, sent, supervisor, area):
        row = requests.enter(
            actor=supervisor,
            unit=area.district,
            kind="delete",
            source="counter",
            person="Ông Trần Văn Ba",
            words="Muốn biết ai báo tôi",
            tip=sent.tip,
        )
        text = follow_page(sent.receipt, action="ask", kind="delete", words=WORDS)
        own = DataRequest.objects.get(source="receipt")
        requests.refuse(row, actor=supervisor, reason="Ông Ba là người bị báo tin")
        assert own != row and "Ông Ba" not in follow_page(sent.receipt)
        assert follow_page(sent.receipt).count("Xóa dữ liệu</b>") == text.count("Xóa dữ liệu</b>") == 1


class TestRequests:
    def test_sender_asks_by_receipt_and_sees_the_terms(self, sent):
        text = follow_page(sent.receipt, action="ask", kind="delete", words=WORDS)
        assert text.index("Đã ghi yêu cầu về dữ liệu cá nhân.") < text.index("<h1>")
        row = DataRequest.objects.get()
        assert (row.tip, row.check_kind, row.source, row.words) == (sent.tip, "receipt", "receipt", WORDS)
        days = (timezone.localtime(row.due_at).date() - timezone.localdate()).days
        assert 20 <= days <= 30
        assert row.confirm_by < row.due_at

    def test_same_wish_twice_is_one_request(self, sent):
        for _time in range(2):
            follow_page(sent.receipt, action="ask", kind="delete", words=WORDS)
        assert DataRequest.objects.count() == 1

    def test_nonsense_is_explained(self, sent):
        text = follow_page(sent.receipt, action="ask", kind="x", words="")
        assert text.index("Xin chọn một yêu cầu.") < text.index("<h1>")
        assert not DataRequest.objects.exists()

    @pytest.mark.parametrize("kind", ["access", "delete"])
    def test_seeing_and_deleting_need_no_words(self, sent, kind):
        assert "Đã ghi yêu cầu" in follow_page(sent.receipt, action="ask", kind=kind, words="")
        assert DataRequest.objects.get().words == ""

    @pytest.mark.parametrize("kind", ["correct", "object"])
    def test_correcting_and_objecting_need_words(self, sent, kind):
        assert "Xin viết vài chữ." in follow_page(sent.receipt, action="ask", kind=kind, words="")
        assert not DataRequest.objects.exists()

    def test_deletion_that_is_granted_forgets_the_sender_and_says_so(self, sent, supervisor):
        row = requests.confirm(asked(sent), actor=supervisor, check="receipt")
        requests.grant(row, actor=supervisor, reason="Đúng quyền", done="Đã xóa tên, số điện thoại")
        assert not Contact.objects.exists()
        assert Tip.objects.get().text
        assert "Đã xóa tên, số điện thoại" in follow_page(sent.receipt)
        actions = set(AuditEntry.objects.values_list("action", flat=True))
        assert {"tips.request.granted", "tips.contact.erased"} <= actions

    def test_content_goes_only_once_the_tip_has_ended(self, sent, supervisor, area):
        row = requests.confirm(asked(sent), actor=supervisor, check="receipt")
        values = {"actor": supervisor, "reason": "Đúng quyền", "done": "Đã xóa", "erase_content": True}
        with pytest.raises(ValidationError):
            requests.grant(row, **values)
        assert Contact.objects.exists() and DataRequest.objects.get().state == "confirmed"
        Tip.objects.update(status="closed", closed_at=timezone.now())
        second = make_user(Role.SUPERVISOR, area.district)
        requests.grant(now_(row), **values | {"actor": second})
        assert Tip.objects.get().erased_at is not None

    def test_content_is_erased_by_somebody_else_than_who_confirmed(self, ended, supervisor):
        row = requests.confirm(asked(ended), actor=supervisor, check="receipt")
        with pytest.raises(ValidationError) as caught:
            requests.grant(row, actor=supervisor, reason="Đúng quyền", done="Đã xóa", erase_content=True)
        assert list(caught.value.message_dict) == ["erase_content"]
        assert Tip.objects.get().text and Contact.objects.exists()

    def test_what_a_chief_holds_is_not_erased_on_request(self, ended, supervisor, area):
        chief, second = make_user(Role.CHIEF, area.commune_a), make_user(Role.SUPERVISOR, area.district)
        until = timezone.localdate() + timedelta(days=100)
        row = requests.confirm(asked(ended), actor=supervisor, check="receipt")
        retention.hold(now_(row).tip, actor=chief, until=until, reason="Cần giữ cho vụ án đang điều tra")
        for with_content in (False, True):
            with pytest.raises(WrongStateError, match="đang giữ"):
                requests.grant(
                    row, actor=second, reason="Đúng quyền", done="Đã xóa", erase_content=with_content
                )
        assert Tip.objects.get().text and Contact.objects.exists()
        assert DataRequest.objects.get().state == "confirmed"

    def test_what_is_called_erased_is_erased_though_the_tip_has_changed_since(self, ended, supervisor, area):
        row = requests.confirm(asked(ended), actor=supervisor, check="receipt")
        Tip.objects.update(version=F("version") + 1)
        second = make_user(Role.SUPERVISOR, area.district)
        granted = requests.grant(
            row, actor=second, reason="Đúng quyền", done="Đã xóa hết", erase_content=True
        )
        assert granted.state == "granted" and Tip.objects.get().text == ""
        assert (now_(row).words, now_(row).done) == ("", "Đã xóa hết")

    def test_nothing_is_carried_out_for_somebody_else(self, area, supervisor):
        row = requests.enter(
            actor=supervisor,
            unit=area.commune_a,
            kind="access",
            source="counter",
            person="Nguyễn Văn A, 0912345678",
            words="Xem những gì đã lưu",
            tip=None,
        )
        with pytest.raises(ValidationError):
            requests.confirm(row, actor=supervisor, check="")
        row = requests.confirm(row, actor=supervisor, check="failed")
        with pytest.raises(WrongStateError):
            requests.grant(row, actor=supervisor, reason="Đúng quyền", done="Đã in")
        assert requests.refuse(row, actor=supervisor, reason="Không phải chính người đó").state == "refused"

    def test_term_is_extended_once_with_a_reason(self, sent, supervisor):
        row = asked(sent)
        longer = requests.extend(row, actor=supervisor, reason="Hồ sơ ở ba đơn vị")
        assert longer.due_at > row.due_at
        with pytest.raises(WrongStateError):
            requests.extend(longer, actor=supervisor, reason="Hồ sơ ở ba đơn vị")

    def test_officer_and_neighbour_keep_no_register(self, sent, area):
        for user in (
            make_user(Role.OFFICER, area.commune_a),
            make_user(Role.SUPERVISOR, area.other_province),
        ):
            with pytest.raises(NotAllowedError):
                requests.confirm(asked(sent), actor=user, check="receipt")

    def test_waiting_request_keeps_its_tip_from_being_erased(self, sent):
        asked(sent)
        closed_at = timezone.now() - timedelta(days=400)
        Tip.objects.update(status="closed", outcome="guided", closed_at=closed_at)
        assert retention.plan(timezone.now()) == []

    def test_page_of_the_register_leads_through(self, sent, supervisor):
        row = asked(sent)
        client = Client()
        client.force_login(supervisor)
        assert WORDS in unescape(client.get(reverse("desk:data_request", args=[row.code])).content.decode())
        url = reverse("desk:data_request_act", args=[row.code, "confirm"])
        assert client.post(url, {"check": "receipt"}).status_code == 302
        url = reverse("desk:data_request_act", args=[row.code, "grant"])
        page = client.post(url, {"reason": "Đúng quyền", "done": ""})
        assert page.status_code == 400
        assert client.post(url, {"reason": "Đúng quyền", "done": "Đã xóa"}).status_code == 302
        assert DataRequest.objects.get().state == "granted"

    def test_public_page_says_how_to_ask(self):
        text = unescape(Client().get(reverse("tips:data_rights")).content.decode())
        assert "mã theo dõi" in text and "91/2025/QH15" in text


def enter(actor, unit, hours=0, **changes):
    values = {"what": SECRET, "data": "Tên, số điện thoại", "people": 12, "measures": "Đã thu hồi thư"}
    known_at = timezone.now() - timedelta(hours=hours)
    return breaches.enter(actor=actor, unit=unit, known_at=known_at, **{**values, **changes})


class TestBreaches:
    def test_clock_runs_72_hours_from_knowing(self, area, administrator):
        row = enter(administrator, area.district, hours=5)
        assert row.due_at - row.known_at == timedelta(hours=72)
        assert not row.is_late

    def test_second_person_confirms_that_it_was_reported(self, area, administrator, supervisor):
        row = enter(administrator, area.district)
        when = {"notified_at": timezone.now(), "reference": "CV 12/2026"}
        with pytest.raises(NotAllowedError):
            breaches.notify(row, actor=administrator, **when)
        told = breaches.notify(row, actor=supervisor, **when)
        assert (told.state, told.notified_by, told.is_late) == ("notified", supervisor, False)
        with pytest.raises(WrongStateError):
            breaches.notify(row, actor=supervisor, **when)
        assert breaches.close(told, actor=administrator, lessons="Đã tập huấn lại").state == "closed"

    def test_long_reference_is_refused_not_cut(self, area, administrator, supervisor):
        row = enter(administrator, area.district)
        now = timezone.now()
        with pytest.raises(ValidationError) as refusal:
            breaches.notify(row, actor=supervisor, notified_at=now, reference="x" * 121)
        assert refusal.value.message_dict == {"reference": ["Tối đa 120 ký tự."]}
        told = breaches.notify(row, actor=supervisor, notified_at=now, reference="x" * 120)
        assert told.reference == "x" * 120

    def test_form_with_a_long_reference_comes_back_as_typed(self, area, administrator, supervisor):
        row = enter(administrator, area.district, hours=1)
        client, typed = Client(), "CV " + "7" * 118
        client.force_login(supervisor)
        values = {"notified_at": f"{timezone.localtime():%d/%m/%Y %H:%M}", "reference": typed}
        shown = unescape(
            client.post(reverse("desk:breach_act", args=[row.code, "notify"]), values).content.decode()
        )
        assert typed in shown and "Tối đa 120 ký tự." in shown
        assert 'maxlength="120"' not in shown  # a browser cuts what is pasted, without a word
        assert Breach.objects.get().state == "open"

    def test_late_report_stays_late(self, area, administrator, supervisor):
        row = enter(administrator, area.district, hours=80)
        told = breaches.notify(row, actor=supervisor, notified_at=timezone.now(), reference="CV 13")
        assert told.is_late
        assert AuditEntry.objects.get(action="tips.breach.notified").data == {"late": True}

    def test_administrators_are_warned_once_at_48_and_72_hours(self, area, administrator):
        row = enter(administrator, area.district, hours=47)
        assert breaches.warn() == 0
        later = row.known_at + timedelta(hours=48)
        assert (breaches.warn(later), breaches.warn(later)) == (1, 0)
        last = row.known_at + timedelta(hours=73)
        assert (breaches.warn(last), breaches.warn(last)) == (1, 0)
        assert [message.to for message in mail.outbox] == [["admin@x.vn"]] * 2
        assert not [message for message in mail.outbox if SECRET[:10] in message.body + message.subject]

    def test_reported_breach_warns_nobody(self, area, administrator, supervisor):
        row = enter(administrator, area.district, hours=50)
        breaches.notify(row, actor=supervisor, notified_at=timezone.now(), reference="CV 14")
        tasks.sweep()
        assert not mail.outbox

    @pytest.mark.parametrize("changes", [{"people": -1}, {"people": None}, {"what": " "}, {"measures": ""}])
    def test_nonsense_is_refused(self, area, administrator, changes):
        with pytest.raises(ValidationError):
            enter(administrator, area.district, **changes)
        with pytest.raises(ValidationError):
            enter(administrator, area.district, hours=-1)

    def test_pages_enter_print_and_hide_from_others(self, area, administrator):
        client = Client()
        client.force_login(administrator)
        data = {
            "unit": area.province.code,
            "known_at": f"{timezone.localtime():%d/%m/%Y 00:00}",
            "people": "1.200",
        }
        page = client.post(reverse("desk:breach_enter"), data)
        assert page.status_code == 400 and "1.200" in page.content.decode()
        texts = {"what": SECRET, "data": "Tên", "measures": "Đã thu hồi"}
        assert client.post(reverse("desk:breach_enter"), {**data, **texts}).status_code == 302
        row = Breach.objects.get()
        assert row.people == 1200
        paper = unescape(client.get(reverse("desk:breach_print", args=[row.code])).content.decode())
        assert SECRET in paper and "A05" in paper
        other = Client()
        other.force_login(make_user(Role.SUPERVISOR, area.other_province))
        assert other.get(reverse("desk:breach", args=[row.code])).status_code == 404


def test_lists_open_though_no_word_of_their_rows_can_be_decrypted(supervisor, administrator, area, sent):
    request, breach = asked(sent), enter(administrator, area.district)
    unreadable = dict.fromkeys(("person", "words", "extension_reason", "reason", "done"), Value("lost"))
    DataRequest.objects.update(**unreadable)
    Breach.objects.update(**dict.fromkeys(("what", "data", "measures", "lessons"), Value("lost")))
    client = Client()
    client.force_login(supervisor)
    for state in (DataRequest.State.NEW, DataRequest.State.GRANTED):
        DataRequest.objects.update(state=state, decided_at=timezone.now())
        assert request.code in client.get(reverse("desk:data_requests")).content.decode()
    assert breach.code in client.get(reverse("desk:breaches")).content.decode()
    with pytest.raises(DecryptionError):
        client.get(reverse("desk:data_request", args=[request.code]))


def test_breach_form_asks_for_a_number_and_says_how_to_write_it(supervisor, area):
    client = Client()
    client.force_login(supervisor)
    url = reverse("desk:breach_enter")
    shown = unescape(client.get(url).content.decode())
    label = shown.partition("Số người bị ảnh hưởng")[2].partition("<input")[0]
    assert "Chỉ ghi số, ví dụ 3" in label and "không bắt buộc" not in label
    form = {"known_at": "01/11/2026 08:00", "what": SECRET, "data": "Tên", "measures": "Thu hồi"}
    for people in ("", "khoảng ba người"):
        response = client.post(url, {**form, "unit": area.district.code, "people": people})
        assert response.status_code == 200 or response.status_code == 400
        assert not Breach.objects.exists()
    assert "Xin chỉ ghi số, ví dụ 3." in unescape(response.content.decode())


def test_chief_is_told_who_keeps_the_registers(supervisor, area):
    client = Client()
    chief = make_user(Role.CHIEF, area.commune_a)
    client.force_login(chief)
    response = client.get(reverse("desk:breaches"))
    shown = unescape(response.content.decode())
    assert response.status_code == 403
    told = shown.partition("xin báo:")[2].partition("</ul>")[0]
    assert supervisor.display_name in told and area.district.police_name in told
    assert chief.display_name not in told
