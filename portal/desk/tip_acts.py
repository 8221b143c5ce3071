"""Every act on a tip: one form and one service each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.desk.forms import timing as timing_forms
from portal.desk.forms import tips as forms
from portal.desk.forms.fields import Nothing
from tips.models import Tip
from tips.services import asking, closing, conduct, handling, identity, merging, offers, routing, timing


@dataclass(frozen=True)
class TipAct:
    """An act: its form, the service that takes the form's values, and what to say afterwards."""

    form: type
    service: Callable[..., Any]
    done: Any


def _value(tip: Tip, *, valuable: bool, valuable_reason: str, actor: Any, version: int) -> Tip:
    return closing.set_valuable(tip, actor=actor, version=version, valuable=valuable, reason=valuable_reason)


def _grant(tip: Tip, *, assignee: Any, reason: str, actor: Any, version: int) -> Any:
    try:
        return identity.grant_identity(tip, actor=actor, version=version, user=assignee, reason=reason)
    except ValidationError as error:
        if "user" in error.message_dict:
            raise ValidationError({"assignee": error.message_dict["user"]}) from None
        raise


ACTS: dict[str, TipAct] = {
    "accept": TipAct(Nothing, handling.accept, _("Đã tiếp nhận. Người báo thấy tin đang được xem.")),
    "assign": TipAct(forms.AssignForm, handling.assign, _("Đã giao tin.")),
    "verify": TipAct(Nothing, handling.start_verifying, _("Đã chuyển sang xác minh.")),
    "reply": TipAct(forms.ReplyForm, handling.reply, _("Đã gửi trả lời. Người báo đọc bằng mã theo dõi.")),
    "note": TipAct(forms.NoteForm, handling.add_note, _("Đã ghi chú.")),
    "transfer": TipAct(forms.TransferForm, routing.transfer, _("Đã chuyển tin. Người báo đã được báo.")),
    "return": TipAct(forms.ReasonForm, routing.give_back, _("Đã trả tin. Người báo đã được báo.")),
    "refer": TipAct(forms.ReferForm, routing.refer, _("Đã chuyển cơ quan khác. Người báo đã được báo.")),
    "merge": TipAct(forms.MergeForm, merging.merge_by_id, _("Đã ghép vào vụ việc.")),
    "unmerge": TipAct(Nothing, merging.unmerge, _("Đã tách tin ra. Người báo đã được báo.")),
    "question": TipAct(
        timing_forms.AskSenderForm, timing.ask_sender, _("Đã hỏi người báo. Hạn xử lý tạm dừng.")
    ),
    "resume": TipAct(Nothing, timing.resume, _("Hạn xử lý chạy tiếp.")),
    "extend": TipAct(forms.ExtendForm, timing.extend, _("Đã gia hạn.")),
    "ask_time": TipAct(timing_forms.AskTimeForm, timing.ask_for_time, _("Đã gửi đề nghị gia hạn.")),
    "approve_time": TipAct(Nothing, timing.approve_time, _("Đã duyệt gia hạn.")),
    "refuse_time": TipAct(forms.ReasonForm, timing.refuse_time, _("Đã trả lời: không gia hạn.")),
    "drop_time": TipAct(Nothing, timing.drop_time, _("Đã rút đề nghị gia hạn.")),
    "close": TipAct(timing_forms.CloseForm, timing_forms.close, _("Đã kết thúc tin.")),
    "reopen": TipAct(forms.ReasonForm, closing.reopen, _("Đã mở lại tin.")),
    "classify": TipAct(forms.ClassifyForm, routing.reclassify, _("Đã đổi loại, mức ưu tiên.")),
    "conduct": TipAct(forms.ConductForm, conduct.sort_out, _("Đã ghi nhận.")),
    "value": TipAct(forms.ValueForm, _value, _("Đã ghi nhận.")),
    "reveal": TipAct(forms.RevealForm, identity.reveal_contact, ""),
    "ask": TipAct(forms.AskForm, asking.ask, _("Đã gửi đề nghị tới người quyết định.")),
    "grant": TipAct(forms.GrantForm, _grant, _("Đã cho phép xem trong 15 phút.")),
}


def forms_for(user: Any, tip: Tip, able: set[str]) -> dict[str, Any]:
    """An empty form for each act the person can do now; choices come from two queries at most."""
    return {name: build(name, user, tip) for name in sorted(able)}


def build(
    name: str,
    user: Any,
    tip: Tip,
    data: Any = None,
    files: Any = None,
    *,
    typed: Mapping[str, Any] | None = None,
) -> Any:
    """The form of one act, with the choices and first values it has for this tip.

    ``typed`` puts back what was filled in so far, without complaining about the rest.
    """
    options: dict[str, Any] = {}
    if name in ("assign", "grant", "note"):
        options["colleagues"] = _colleagues(tip)
        if name != "assign":
            options["colleagues"] = [p for p in options["colleagues"] if p.user_id != user.pk]
    if name == "conduct":
        options["candidates"] = [person for person in conduct.candidates(tip) if person.pk != user.pk]
    if name == "transfer":
        options["targets"] = offers.transfer_targets(tip)
    initial = {
        "classify": {"category": tip.category, "priority": tip.priority},
        "conduct": {"kind": tip.conduct},
        "value": {"valuable": tip.is_valuable, "valuable_reason": tip.valuable_reason},
        "close": {"valuable": tip.is_valuable, "valuable_reason": tip.valuable_reason},
    }.get(name, {})
    initial |= typed or {}
    return ACTS[name].form(data, files, auto_id=f"{name}_%s", initial=initial, **options)


def _colleagues(tip: Tip) -> list[Any]:
    if not hasattr(tip, "_colleagues"):
        tip._colleagues = offers.colleagues(tip)
    return tip._colleagues
