"""Forms to write a post and to judge it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from broadcasts import rendering
from broadcasts.enums import NOTICE_KINDS, NoticeEnd, PostKind, Urgency
from broadcasts.models import Broadcast, Picture
from broadcasts.services.approval import has_missed_hour
from broadcasts.services.editing import Content
from broadcasts.services.notices import REQUIRED, REVIEW_DAYS, NoticeFields
from groups.enums import GroupKind
from portal.desk.forms.fields import DayField, MomentField, Reason

PLAIN_KINDS = [
    (kind.value, kind.label) for kind in PostKind if kind not in (*NOTICE_KINDS, PostKind.CORRECTION)
]
ALL, UNITS, GROUPS = "all", "units", "groups"
NOW, LATER = "now", "later"
RECURRENCES = [
    ("", _("Không lặp lại")),
    ("FREQ=DAILY", _("Hằng ngày")),
    ("FREQ=WEEKLY", _("Hằng tuần")),
    ("FREQ=MONTHLY", _("Hằng tháng")),
]
_DECISION = ("decision_number", "decision_date", "agency")
# What each kind of notice asks for. A suspect has no name and no face here.
ASKED = {
    PostKind.WANTED: (
        *("person_name", "aliases", "birth_date", "gender", "residence", "offence"),
        *(*_DECISION, "features", "phone", "photo", "review_by"),
    ),
    PostKind.SUSPECT: ("features", *_DECISION, "phone", "review_by"),
    PostKind.MISSING: (
        "person_name",
        "birth_year",
        "gender",
        "residence",
        "features",
        "phone",
        "photo",
        "review_by",
    ),
    PostKind.FOUND: ("features", "phone", "photo", "review_by"),
    PostKind.HANDIN: ("features", "phone", "review_by"),
}


class AudienceForm(forms.Form):
    """Who receives it. ``clean`` leaves the rule in ``cleaned_data["audience"]``.

    Units, groups and their rights are judged by the service: here they are only read.
    """

    reach = forms.ChoiceField(
        label=_("Gửi tới"),
        choices=[
            (ALL, _("Mọi nhóm của đơn vị")),
            (UNITS, _("Chọn thôn, đơn vị")),
            (GROUPS, _("Chọn từng nhóm")),
        ],
        initial=ALL,
        widget=forms.RadioSelect,
    )
    units = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    groups = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    kinds = forms.MultipleChoiceField(
        label=_("Chỉ những loại nhóm này"),
        choices=GroupKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    exclude = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, tree: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.tree = tree
        self.fields["units"].choices = tree.unit_choices
        self.fields["groups"].choices = self.fields["exclude"].choices = tree.group_choices

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        chosen = data.get("reach")
        units = {ALL: [self.tree.root.code], UNITS: data.get("units") or []}.get(chosen, [])
        groups = [int(pk) for pk in data.get("groups") or []] if chosen == GROUPS else []
        if chosen == UNITS and not units and "units" not in self.errors:
            self.add_error("units", _("Xin chọn ít nhất một thôn hoặc đơn vị."))
        if chosen == GROUPS and not groups and "groups" not in self.errors:
            self.add_error("groups", _("Xin chọn ít nhất một nhóm."))
        data["audience"] = {
            "units": units,
            "kinds": (data.get("kinds") or []) if chosen != GROUPS else [],
            "groups": groups,
            "exclude": [int(pk) for pk in data.get("exclude") or []] if chosen != GROUPS else [],
        }
        return data


class ScheduleForm(AudienceForm):
    """To whom, how urgently and when: what every post needs."""

    urgency = forms.ChoiceField(
        label=_("Mức khẩn"), choices=Urgency.choices, initial=Urgency.ROUTINE, widget=forms.RadioSelect
    )
    when = forms.ChoiceField(
        label=_("Thời điểm gửi"),
        choices=[(NOW, _("Ngay khi được duyệt")), (LATER, _("Hẹn giờ"))],
        initial=NOW,
        widget=forms.RadioSelect,
    )
    send_at = MomentField(label=_("Gửi lúc"), required=False)
    recurrence = forms.ChoiceField(
        label=_("Lặp lại"),
        required=False,
        choices=RECURRENCES,
        help_text=_("Tính từ giờ gửi lần đầu."),
    )
    expires_at = MomentField(
        label=_("Hết giá trị lúc"),
        required=False,
        help_text=_("Sau giờ này bài không gửi nữa. Để trống: bài thường 24 giờ, bài khẩn 2 giờ."),
    )
    form_token = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("when") == LATER:
            if not data.get("send_at") and "send_at" not in self.errors:
                self.add_error("send_at", _("Xin ghi ngày giờ gửi."))
        else:
            data["send_at"] = None
            if data.get("recurrence"):
                self.add_error("send_at", _("Bài lặp lại cần hẹn giờ gửi lần đầu."))
        return data

    @property
    def schedule(self) -> dict[str, Any]:
        """Audience and times as ``Content`` takes them; call after ``is_valid``."""
        names = ("audience", "urgency", "send_at", "recurrence", "expires_at")
        return {name: self.cleaned_data[name] for name in names}


class ComposeForm(ScheduleForm):
    """A post of one's own words."""

    kind = forms.ChoiceField(label=_("Loại bài"), choices=PLAIN_KINDS)
    title = forms.CharField(label=_("Tiêu đề"), max_length=150, help_text=_("Một dòng, nói ngay việc chính."))
    body = forms.CharField(label=_("Nội dung"), widget=forms.Textarea(attrs={"rows": 10}))
    picture = forms.FileField(
        label=_("Ảnh kèm bài"),
        required=False,
        help_text=_("Một ảnh. Thông tin vị trí trong ảnh được xóa trước khi lưu."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    drop_picture = forms.BooleanField(label=_("Bỏ ảnh đang kèm"), required=False)
    post = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in ("title", "body"):
            self.fields[name].widget.attrs["data-counts"] = "room"

    def content(self, *, picture: Picture | None) -> Content:
        """What the service takes; call after ``is_valid``."""
        data = self.cleaned_data
        return Content(
            kind=data["kind"], title=data["title"], body=data["body"], picture=picture, **self.schedule
        )


class NoticeForm(ScheduleForm):
    """A notice about a person or thing; its text is rendered from these fields, never typed."""

    decision_number = forms.CharField(label=_("Số quyết định"), max_length=60)
    decision_date = DayField(label=_("Ngày quyết định"))
    agency = forms.CharField(label=_("Cơ quan ra quyết định"), max_length=160)
    person_name = forms.CharField(label=_("Họ và tên"), max_length=120)
    aliases = forms.CharField(label=_("Tên khác"), max_length=120)
    birth_date = DayField(label=_("Ngày sinh"))
    birth_year = forms.IntegerField(label=_("Năm sinh"), min_value=1900, max_value=2100, localize=False)
    gender = forms.ChoiceField(
        label=_("Giới tính"), choices=[("", _("Không ghi")), ("nam", _("Nam")), ("nữ", _("Nữ"))]
    )
    residence = forms.CharField(label=_("Nơi thường trú"), max_length=200)
    offence = forms.CharField(label=_("Tội danh bị khởi tố"), max_length=160)
    features = forms.CharField(
        label=_("Đặc điểm, mô tả"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4})
    )
    phone = forms.CharField(
        label=_("Điện thoại liên hệ"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    photo = forms.FileField(label=_("Ảnh"), widget=forms.FileInput(attrs={"accept": "image/*"}))
    review_by = DayField(label=_("Rà soát lại trước ngày"))

    def __init__(self, *args: Any, kind: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.asked = ASKED[kind]
        for name in NoticeFields.__dataclass_fields__:
            if name in self.asked:
                self.fields[name].required = name in REQUIRED[kind]
            else:
                del self.fields[name]
        if kind == PostKind.FOUND:
            self.fields["features"].help_text = _(
                "Không nêu số tiền, giấy tờ, đặc điểm riêng: để chủ chứng minh."
            )

    @property
    def notice_fields(self) -> list[forms.BoundField]:
        """The fields this kind asks for, in order, for the template."""
        return [self[name] for name in self.asked]

    def values(self, *, photo: Picture | None) -> NoticeFields:
        """What the service takes; call after ``is_valid``."""
        data = {name: self.cleaned_data[name] for name in self.asked if name != "photo"}
        return NoticeFields(photo=photo, **{name: value for name, value in data.items() if value})


def initial_of(broadcast: Broadcast, *, root_code: str) -> dict[str, Any]:
    """The form's values for a broadcast that is being changed."""
    rule, notice = broadcast.audience, broadcast.notice
    whole = rule.get("units") == [root_code] and not rule.get("groups")
    fields = NoticeFields.__dataclass_fields__ if notice else ()
    names = ("kind", "title", "body", "urgency", "send_at", "recurrence", "expires_at")
    return {
        **{name: getattr(notice, name) for name in fields},
        **{name: getattr(broadcast, name) for name in names},
        **{name: rule.get(name, []) for name in ("units", "groups", "kinds", "exclude")},
        "reach": GROUPS if rule.get("groups") else ALL if whole else UNITS,
        "when": LATER if broadcast.send_at else NOW,
    }


class DuplicateForm(forms.Form):
    """A yes to the same words twice; asked only when the service found them (``ask_about``)."""

    confirm_duplicate = forms.BooleanField(
        label=_("Vẫn gửi, tôi biết các nhóm này nhận hai lần."), required=False, widget=forms.HiddenInput
    )

    def show_box(self) -> None:
        """Ask beforehand: the page above says what was found."""
        self.fields["confirm_duplicate"].widget = forms.CheckboxInput()

    def ask_about(self, message: str) -> None:
        """Ask again, with what was found as the mistake at the box."""
        self.show_box()
        self.add_error("confirm_duplicate", message)


class ApproveForm(DuplicateForm):
    """A yes. For a wanted notice the approver says that they compared it with the original."""

    # What the chief read: a text changed and submitted again meanwhile is not approved with it.
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    checked_original = forms.BooleanField(
        label=_("Tôi đã đối chiếu số quyết định, ngày, ảnh với bản gốc."),
        error_messages={"required": _("Xin đối chiếu với bản gốc rồi đánh dấu vào ô này.")},
    )

    def __init__(self, *args: Any, broadcast: Broadcast, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if broadcast.kind != PostKind.WANTED:
            del self.fields["checked_original"]


class ResumeForm(forms.Form):
    """Going on; a repeating post whose hour passed meanwhile would otherwise make up for it at once."""

    skip_missed = forms.BooleanField(
        label=_("Bỏ lần gửi đã qua giờ, chờ lần sau."),
        required=False,
        help_text=_("Không đánh dấu: bài của giờ đã qua được gửi ngay."),
    )

    def __init__(self, *args: Any, broadcast: Broadcast, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not has_missed_hour(broadcast, timezone.now()):
            del self.fields["skip_missed"]

    def clean(self) -> dict[str, Any]:
        return {"skip_missed": False, **super().clean()}


class WithdrawForm(Reason):
    """Taking a post back is seen by every group that has it."""

    confirmed = forms.BooleanField(
        label=_("Tôi hiểu: mọi nhóm đã nhận bài sẽ nhận bản đính chính ngay."),
        error_messages={"required": _("Xin đánh dấu để xác nhận thu hồi.")},
    )


class RenewForm(forms.Form):
    """Until when a notice still holds."""

    review_by = DayField(label=_("Rà soát lại trước ngày"))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["review_by"].initial = timezone.localdate() + timedelta(days=REVIEW_DAYS)


class EndNoticeForm(forms.Form):
    """How a notice ended; every group that has a post about it gets a correction."""

    ended_as = forms.ChoiceField(label=_("Kết thúc vì"), choices=[("", _("Chọn lý do")), *NoticeEnd.choices])
    confirmed = forms.BooleanField(
        label=_("Tôi hiểu: thông báo được gỡ ngay, các nhóm đã nhận bài nhận bản đính chính."),
        error_messages={"required": _("Xin đánh dấu để xác nhận.")},
    )


def body_limit() -> int:
    """Characters for title and body together: the whole text less its last line and the blank lines."""
    return rendering.room_left("a", "b") + 2
