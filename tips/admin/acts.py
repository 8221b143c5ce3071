"""The acts of a tip's page: for each its form, its service and what to say afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tips.admin import forms, timing_forms
from tips.models import Tip
from tips.services import (
    answers,
    asking,
    closing,
    conduct,
    handling,
    identity,
    merging,
    offers,
    routing,
    timing,
)

# Complaints of services about fields that the forms call otherwise.
_FORM_FIELDS = {"assignee": "person", "user": "person"}


@dataclass(frozen=True)
class PageAct:
    """One act: what its button says, its form, the service, the message after it."""

    title: Any
    form: type[forms.ActForm]
    service: Callable[..., Any]
    done: Any = ""


ACTS: dict[str, PageAct] = {
    "accept": PageAct(_("Tiếp nhận"), forms.ActForm, handling.accept, _("Đã tiếp nhận tin.")),
    "verify": PageAct(
        _("Bắt đầu xác minh"), forms.ActForm, handling.start_verifying, _("Tin đang được xác minh.")
    ),
    "assign": PageAct(_("Giao người xử lý"), forms.AssignForm, handling.assign, _("Đã giao tin.")),
    "reply": PageAct(
        _("Trả lời người báo"),
        forms.ReplyForm,
        handling.reply,
        _("Đã trả lời. Người báo đọc bằng mã theo dõi."),
    ),
    "note": PageAct(_("Ghi chú nội bộ"), forms.NoteForm, handling.add_note, _("Đã ghi chú.")),
    "classify": PageAct(
        _("Đổi loại, mức ưu tiên"), forms.ClassifyForm, routing.reclassify, _("Đã đổi loại, mức ưu tiên.")
    ),
    "transfer": PageAct(
        _("Chuyển đơn vị khác"),
        forms.TransferForm,
        routing.transfer,
        _("Đã chuyển tin, đã báo người gửi nơi nhận."),
    ),
    "return": PageAct(
        _("Trả lại đơn vị chuyển"), forms.ReasonForm, routing.give_back, _("Đã trả tin, đã báo người gửi.")
    ),
    offers.REFER: PageAct(
        _("Chuyển cơ quan ngoài công an"),
        forms.ReferForm,
        routing.refer,
        _("Đã chuyển cơ quan khác, đã báo người gửi."),
    ),
    "merge": PageAct(_("Ghép tin trùng"), forms.MergeForm, merging.merge_by_id, _("Đã ghép vào vụ việc.")),
    "unmerge": PageAct(
        _("Tách khỏi vụ việc"), forms.ActForm, merging.unmerge, _("Đã tách tin ra, đã báo người gửi.")
    ),
    "question": PageAct(
        _("Hỏi người báo, tạm dừng hạn"),
        timing_forms.AskSenderForm,
        timing.ask_sender,
        _("Đã hỏi người báo."),
    ),
    "resume": PageAct(_("Cho hạn chạy tiếp"), forms.ActForm, timing.resume, _("Hạn xử lý chạy tiếp.")),
    "extend": PageAct(_("Gia hạn"), forms.ExtendForm, timing.extend, _("Đã gia hạn.")),
    offers.ASK_TIME: PageAct(
        _("Đề nghị gia hạn"), forms.ExtendForm, timing.ask_for_time, _("Đã gửi đề nghị gia hạn.")
    ),
    offers.APPROVE_TIME: PageAct(
        _("Duyệt gia hạn theo đề nghị"), forms.ActForm, timing.approve_time, _("Đã duyệt gia hạn.")
    ),
    offers.REFUSE_TIME: PageAct(
        _("Không duyệt gia hạn"), forms.ReasonForm, timing.refuse_time, _("Đã trả lời: không gia hạn.")
    ),
    offers.DROP_TIME: PageAct(
        _("Rút đề nghị gia hạn"), forms.ActForm, timing.drop_time, _("Đã rút đề nghị gia hạn.")
    ),
    offers.CONDUCT: PageAct(
        _("Phản ánh, góp ý hay khen; về ai"), forms.ConductForm, conduct.sort_out, _("Đã ghi nhận.")
    ),
    "value": PageAct(_("Đánh dấu có giá trị"), forms.ValueForm, closing.set_valuable, _("Đã ghi nhận.")),
    "close": PageAct(_("Kết thúc tin"), timing_forms.CloseForm, closing.close, _("Đã kết thúc tin.")),
    "reopen": PageAct(_("Mở lại"), forms.ReasonForm, closing.reopen, _("Đã mở lại tin.")),
    offers.REVEAL: PageAct(_("Xem thông tin người báo"), forms.ReasonForm, identity.reveal_contact),
    offers.ASK: PageAct(
        _("Xin xem thông tin người báo"),
        forms.ReasonForm,
        asking.ask,
        _("Đã gửi đề nghị tới người quyết định."),
    ),
    offers.GRANT: PageAct(
        _("Cho người khác xem thông tin người báo"),
        forms.GrantForm,
        identity.grant_identity,
        _("Đã cho phép xem trong 15 phút."),
    ),
}


@dataclass(frozen=True)
class Offer:
    """An act on the page; it stands open when its form came back with errors."""

    name: str
    title: Any
    form: forms.ActForm
    is_open: bool = False


def offered(user: Any, tip: Tip, bound: tuple[str, forms.ActForm] | None = None) -> list[Offer]:
    """The acts this person can do now, in the order of the table; ``bound`` is the one with errors."""
    able = offers.abilities(user, tip)
    name, form = bound or ("", None)
    return [
        Offer(key, act.title, form if key == name else build(key, tip), is_open=key == name)
        for key, act in ACTS.items()
        if key in able or key == name
    ]


def build(
    name: str,
    tip: Tip,
    data: QueryDict | None = None,
    files: Any = None,
    *,
    typed: Mapping[str, Any] | None = None,
) -> forms.ActForm:
    """The form of an act; each has ids of its own, since a page shows many.

    ``typed`` puts back what was filled in so far, without complaining about the rest.
    """
    return ACTS[name].form(data, files, tip=tip, initial=typed, auto_id=f"id_{name}_%s")


def with_answer(name: str, tip: Tip, data: QueryDict) -> forms.ActForm:
    """The form again, a prepared answer below what was typed."""
    return build(name, tip, typed=answers.filled_in(name, tip, data.dict()))


def perform(name: str, tip: Tip, form: forms.ActForm, actor: Any) -> Any:
    """Call the service with what a valid form says; complaints land on the form, then None is returned.

    Raises PortalError for wrong states, stale versions and missing rights.
    """
    try:
        return ACTS[name].service(tip, actor=actor, **form.values())
    except ValidationError as error:
        for field, complaints in error.message_dict.items():
            known = _FORM_FIELDS.get(field, field)
            form.add_error(known if known in form.fields else None, complaints)
        return None
