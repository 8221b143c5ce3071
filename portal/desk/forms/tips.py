"""Forms of the acts on a tip. Lengths and rights are judged by the services; here it is only read."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from groups.models import Posting, Unit
from portal.desk.forms.fields import MomentField, words
from tips import validators
from tips.enums import Authority, Category, Conduct, Outcome, Priority, SourceChannel
from tips.forms import FilesField, InterimField, PlainField
from tips.forms import MomentField as SenderMomentField


def _names(colleagues: list[Posting]) -> list[tuple[str, str]]:
    return [(str(p.user_id), f"{p.user.display_name} ({p.get_role_display()})") for p in colleagues]


class AssignForm(forms.Form):
    """To whom the tip is given."""

    assignee = forms.ChoiceField(label=_("Giao cho"))

    def __init__(self, *args: Any, colleagues: list[Posting], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.users = {str(posting.user_id): posting.user for posting in colleagues}
        self.fields["assignee"].choices = [("", _("Chọn cán bộ")), *_names(colleagues)]

    def clean_assignee(self) -> Any:
        return self.users[self.cleaned_data["assignee"]]


class ReplyForm(forms.Form):
    """An answer the sender will read."""

    text = words(_("Trả lời người báo"), rows=5, help_text=_("Người báo đọc được bằng mã theo dõi."))
    interim = InterimField()
    files = FilesField(label=_("Kèm ảnh, tệp"))


class NoteForm(forms.Form):
    """A note for colleagues."""

    text = words(
        _("Ghi chú nội bộ"),
        rows=3,
        help_text=_("Người báo không thấy."),
    )
    colleague = forms.ChoiceField(
        label=_("Nhắc đồng đội vào xem"),
        required=False,
        help_text=_("Nhắc thêm người khác: viết @tên-đăng-nhập."),
    )
    files = FilesField(label=_("Kèm ảnh, tệp, chỉ nội bộ xem"))

    def __init__(self, *args: Any, colleagues: list[Posting], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.users = {str(posting.user_id): posting.user for posting in colleagues}
        self.fields["colleague"].choices = [("", _("Không nhắc ai")), *_names(colleagues)]

    def clean_colleague(self) -> Any:
        return self.users.get(self.cleaned_data["colleague"])


class TransferForm(forms.Form):
    """To which unit the tip goes, and why."""

    unit = forms.ChoiceField(label=_("Chuyển tới"))
    reason = words(_("Lý do"), rows=2)

    def __init__(self, *args: Any, targets: list[tuple[str, list[tuple[str, str]]]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = [("", _("Chọn đơn vị")), *targets]


class ReferForm(forms.Form):
    """To which authority outside the police the matter belongs, and why."""

    authority = forms.ChoiceField(
        label=_("Cơ quan nhận"),
        choices=[("", _("Chọn cơ quan")), *Authority.choices],
        help_text=_("Tin kết thúc tại đây, người báo đọc được đã chuyển đi đâu. Hồ sơ gửi theo công văn."),
    )
    reason = words(_("Lý do"), rows=2)


class MergeForm(forms.Form):
    """The number of the tip that tells of the same matter."""

    into = PlainField(
        label=_("Mã tin chính của vụ việc"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class ExtendForm(forms.Form):
    """More time, and why."""

    deadline = MomentField(label=_("Hạn mới"))
    reason = words(_("Lý do"), rows=2)


class CloseForm(forms.Form):
    """How it ended, in words the sender reads, and whether it helped."""

    outcome = forms.ChoiceField(label=_("Kết quả"), choices=[("", _("Chọn kết quả")), *Outcome.choices])
    public_reason = words(
        _("Trả lời cuối cho người báo"), rows=4, help_text=_("Câu ngắn, lịch sự. Không nêu tên người khác.")
    )
    note = words(_("Ghi chú nội bộ"), rows=2, required=False)
    valuable = forms.BooleanField(label=_("Tin có giá trị"), required=False)
    valuable_reason = words(
        _("Vì sao có giá trị"),
        rows=2,
        required=False,
        help_text=_("Giúp phát hiện, ngăn chặn, làm rõ hoặc giải quyết vụ việc nào."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        # An unticked box says nothing about a mark that was set earlier.
        data["valuable"] = True if data.get("valuable") else None
        return data


class ReasonForm(forms.Form):
    """Why."""

    reason = words(_("Lý do"), rows=2)


class RevealForm(forms.Form):
    """Why the sender's name and phone are needed."""

    reason = words(_("Xem thông tin người báo sẽ được ghi nhật ký. Nêu lý do:"), rows=2)


class OriginalForm(forms.Form):
    """Why the original of a file is needed."""

    reason = words(_("Mở bản gốc sẽ được ghi nhật ký. Nêu lý do:"), rows=2)


class AskForm(forms.Form):
    """Why a second person should let this person open the contact."""

    reason = words(
        _("Lý do cần biết người báo"), rows=2, help_text=_("Người quyết định trả lời trong 24 giờ.")
    )


class GrantForm(AssignForm):
    """Leave for a colleague to open the contact, or the original of a file."""

    reason = words(_("Lý do"), rows=2)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["assignee"].label = _("Cho phép")


class ConductForm(forms.Form):
    """What a tip about the police is, and whom it is about."""

    kind = forms.ChoiceField(label=_("Tin này là"), choices=[("", _("Chọn")), *Conduct.choices])
    officer = forms.ChoiceField(label=_("Cán bộ bị phản ánh"), required=False)
    username = PlainField(
        label=_("Hoặc tên tài khoản của cán bộ đơn vị khác"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "Người được ghi tên không còn thấy tin này ở bất cứ đâu; tin chuyển lên trên đơn vị của họ."
        ),
    )

    def __init__(self, *args: Any, candidates: list[Any], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.users = {str(user.pk): user for user in candidates}
        names = [(key, user.display_name) for key, user in self.users.items()]
        self.fields["officer"].choices = [("", _("Chưa rõ là ai")), *names]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        officer, username = self.users.get(data.get("officer", "")), data.pop("username", "")
        if username:
            officer = get_user_model().objects.filter(username=username, is_active=True).first()
            if officer is None:
                self.add_error("username", _("Không có tài khoản nào tên như vậy."))
        data["officer"] = officer
        return data


class ClassifyForm(forms.Form):
    """What it really is, and how pressing."""

    category = forms.ChoiceField(label=_("Loại tin"), choices=Category.choices)
    priority = forms.TypedChoiceField(
        label=_("Mức ưu tiên"),
        choices=[(value, f"P{value} · {label}") for value, label in Priority.choices],
        coerce=int,
    )
    reason = words(_("Lý do"), rows=2, required=False)


class ValueForm(forms.Form):
    """Whether the tip helped; a mark needs a reason."""

    valuable = forms.BooleanField(label=_("Tin có giá trị"), required=False)
    valuable_reason = words(_("Vì sao"), rows=2, required=False)


class EnterForm(forms.Form):
    """A tip that somebody tells on the phone or at the counter, written down by an officer."""

    channel = forms.ChoiceField(
        label=_("Nguồn tin"),
        choices=[
            (channel.value, channel.label)
            for channel in (
                SourceChannel.HOTLINE,
                SourceChannel.COUNTER,
                SourceChannel.LETTERBOX,
                SourceChannel.VNEID,
            )
        ],
        widget=forms.RadioSelect,
        initial=SourceChannel.HOTLINE,
    )
    category = forms.ChoiceField(
        label=_("Loại tin"),
        choices=[("", _("Chọn loại tin")), *Category.choices],
        # The source has a default: who takes a call begins here.
        widget=forms.Select(attrs={"autofocus": True}),
    )
    text = words(_("Nội dung"), rows=6, help_text=_("Chuyện gì, ở đâu, lúc nào, ai, xe gì, đi hướng nào."))
    unit = forms.ChoiceField(label=_("Xã, phường"))
    village = forms.ChoiceField(label=_("Thôn, tổ dân phố"), required=False)
    place = PlainField(label=_("Chỗ cụ thể"), required=False)
    occurred_at = SenderMomentField(
        label=_("Xảy ra lúc"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "dd/mm/yyyy HH:MM", "autocomplete": "off"}),
    )
    contact_name = PlainField(label=_("Họ tên người báo"), required=False)
    contact_phone = PlainField(
        label=_("Điện thoại"), required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    broadcast = PlainField(
        label=_("Nói về bài đăng, thông báo số"),
        required=False,
        help_text=_("Mã TB ở dòng cuối của bài, nếu người báo nhắc tới."),
        widget=forms.TextInput(attrs={"placeholder": "TB-2611-0042", "autocomplete": "off"}),
    )
    files = FilesField(label=_("Ảnh, tệp kèm theo"))
    form_token = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, communes: list[Unit], villages: list[Unit], **kwargs: Any):
        super().__init__(*args, **kwargs)
        names = [(unit.code, unit.full_name) for unit in communes]
        self.fields["unit"].choices = names if len(names) == 1 else [("", _("Chọn xã, phường")), *names]
        self.fields["village"].choices = [("", _("Không rõ"))] + [
            (unit.code, unit.full_name if len(names) == 1 else f"{unit.full_name}, {unit.parent.full_name}")
            for unit in villages
        ]

    def clean_broadcast(self) -> Any:
        """The post with this code; an officer can see and correct a wrong one."""
        code = self.cleaned_data["broadcast"]
        found = validators.clean_broadcast(code)
        if code and found is None:
            raise forms.ValidationError(_("Không có bài đăng nào mang mã này. Xin xem lại hoặc để trống."))
        return found
