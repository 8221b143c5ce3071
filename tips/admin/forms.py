"""Forms of the acts in the admin: they read what was typed; the services judge it."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.utils.translation import gettext_lazy as _

from tips.enums import Authority, Category, Conduct, Outcome, Priority
from tips.forms import FilesField, InterimField, MomentField, PlainField
from tips.models import Tip
from tips.services import conduct, offers


def words(label: Any, *, rows: int = 3, required: bool = True, help_text: Any = "") -> PlainField:
    """A box for a few sentences."""
    area = AdminTextareaWidget(attrs={"rows": rows})
    return PlainField(label=label, required=required, widget=area, help_text=help_text)


class ActForm(forms.Form):
    """Base: every form knows the tip it is about and the version it was shown with."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, tip: Tip, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = tip.version
        self.prepare(tip)

    def prepare(self, tip: Tip) -> None:
        """Fill choices and first values."""

    def values(self) -> dict[str, Any]:
        """The arguments of the service."""
        return self.cleaned_data


class ColleagueForm(ActForm):
    """Base of the forms that name a person who can handle the tip."""

    person = forms.ChoiceField(label=_("Cán bộ"))

    def prepare(self, tip: Tip) -> None:
        postings = offers.colleagues(tip)
        self.users = {str(posting.user_id): posting.user for posting in postings}
        by_unit: dict[str, list[tuple[str, str]]] = {}
        for posting in postings:
            name = f"{posting.user.display_name} ({posting.get_role_display()})"
            by_unit.setdefault(posting.unit.police_name, []).append((str(posting.user_id), name))
        self.fields["person"].choices = [("", _("Chọn cán bộ")), *by_unit.items()]

    def chosen(self) -> Any:
        """The user that was chosen."""
        return self.users[self.cleaned_data["person"]]


class AssignForm(ColleagueForm):
    def values(self) -> dict[str, Any]:
        return {"version": self.cleaned_data["version"], "assignee": self.chosen()}


class GrantForm(ColleagueForm):
    reason = words(_("Lý do"), rows=2)

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"version": data["version"], "user": self.chosen(), "reason": data["reason"]}


class ConductForm(ActForm):
    """What a tip about the police is, and whom it is about."""

    kind = forms.ChoiceField(label=_("Tin này là"), choices=Conduct.choices)
    officer = forms.ChoiceField(label=_("Cán bộ bị phản ánh"), required=False)

    def prepare(self, tip: Tip) -> None:
        self.people = {str(user.pk): user for user in conduct.candidates(tip)}
        names = [(key, user.display_name) for key, user in self.people.items()]
        self.fields["officer"].choices = [("", _("Chưa rõ là ai")), *names]
        self.fields["kind"].initial = tip.conduct

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        officer = self.people.get(data["officer"])
        return {"version": data["version"], "kind": data["kind"], "officer": officer}


class ReplyForm(ActForm):
    text = words(_("Nội dung"), rows=5, help_text=_("Người báo đọc được bằng mã theo dõi."))
    interim = InterimField()
    files = FilesField(label=_("Kèm ảnh, tệp"))


class NoteForm(ActForm):
    text = words(
        _("Nội dung"),
        help_text=_("Người báo không thấy. Viết @tên-đăng-nhập để nhắc đồng đội vào xem."),
    )
    files = FilesField(label=_("Kèm ảnh, tệp, chỉ nội bộ xem"))


class ReasonForm(ActForm):
    reason = words(_("Lý do"), rows=2)


class TransferForm(ActForm):
    unit = forms.ChoiceField(label=_("Chuyển tới"))
    reason = words(_("Lý do"), rows=2)

    def prepare(self, tip: Tip) -> None:
        self.fields["unit"].choices = [("", _("Chọn đơn vị")), *offers.transfer_targets(tip)]


class ReferForm(ActForm):
    authority = forms.ChoiceField(
        label=_("Cơ quan nhận"),
        choices=[("", _("Chọn cơ quan")), *Authority.choices],
        help_text=_("Tin kết thúc tại đây, người báo đọc được đã chuyển đi đâu. Hồ sơ gửi theo công văn."),
    )
    reason = words(_("Lý do"), rows=2)


class MergeForm(ActForm):
    into = PlainField(label=_("Mã tin chính của vụ việc"))


class ExtendForm(ActForm):
    deadline = MomentField(label=_("Hạn mới"), help_text=_("Ví dụ: 30/11/2026 17:00"))
    reason = words(_("Lý do"), rows=2)


class ClassifyForm(ActForm):
    category = forms.ChoiceField(label=_("Loại tin"), choices=Category.choices)
    priority = forms.TypedChoiceField(
        label=_("Mức ưu tiên"),
        choices=[(value, f"P{value} {label}") for value, label in Priority.choices],
        coerce=int,
    )
    reason = words(_("Lý do"), rows=2, required=False)

    def prepare(self, tip: Tip) -> None:
        self.fields["category"].initial = tip.category
        self.fields["priority"].initial = tip.priority


class CloseForm(ActForm):
    outcome = forms.ChoiceField(label=_("Kết quả"), choices=[("", _("Chọn kết quả")), *Outcome.choices])
    public_reason = words(_("Trả lời cuối cho người báo"), help_text=_("Không nêu tên người khác."))
    note = words(_("Ghi chú nội bộ"), rows=2, required=False)
    valuable = forms.BooleanField(label=_("Tin có giá trị"), required=False)
    valuable_reason = words(_("Vì sao có giá trị"), rows=2, required=False)

    def values(self) -> dict[str, Any]:
        # An unticked box says nothing about a mark that was set earlier.
        return {**self.cleaned_data, "valuable": self.cleaned_data["valuable"] or None}


class ValueForm(ActForm):
    valuable = forms.BooleanField(label=_("Tin có giá trị"), required=False)
    valuable_reason = words(_("Vì sao có giá trị"), rows=2, required=False)

    def prepare(self, tip: Tip) -> None:
        self.fields["valuable"].initial = tip.is_valuable

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"version": data["version"], "valuable": data["valuable"], "reason": data["valuable_reason"]}
