"""Forms of the public tip pages. They check with ``tips.validators``, like the API; the services write."""

import datetime
import re
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from groups.models import Unit
from portal.text import clean
from tips import limits, validators
from tips.enums import Category
from tips.services import uploads
from tips.services.intake import TipDraft, clean_draft

MAX_MOMENT_WORDS = 100
ACCEPTED_FILES = "image/*,video/*,audio/*"
# What becomes of a draft without further ado.
_AS_TYPED = (
    *("category", "text", "unit", "village", "place", "contact_name", "contact_phone"),
    *("broadcast", "form_token"),
)
_DAY = re.compile(r"\b(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{2})\b")
_HOUR = re.compile(r"\b(\d{1,2})\s*(?:h|g|giờ)\s*(\d{2})?(?:\s*(?:phút|p))?(?=\s|$)", re.IGNORECASE)


class PlainField(forms.CharField):
    """Text without what cannot be seen, so that a stray control character is no complaint of its own."""

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value))


class InterimField(forms.BooleanField):
    """Whether an answer only says how far the matter is."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Đây là báo tạm, việc còn đang xác minh"),
            help_text=_("Tin ở trạng thái “Đang xác minh”, chưa phải “Đã trả lời”."),
            required=False,
        )


class SharedField:
    """A field that no form changes: all forms of a class have the same one.

    Django copies every field, with its widget and choices, for every form: longer than checking it takes.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "SharedField":
        return self


class SharedPlainField(SharedField, PlainField):
    """Text in a box that is the same for everybody."""


class SharedChoiceField(SharedField, forms.ChoiceField):
    """Choices that are the same for everybody."""


class MultipleFileInput(forms.FileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The chosen files, with what the page has uploaded before (``upload`` holds their ids)."""
        chosen = super().value_from_datadict(data, files, name)
        ids = tuple(data.getlist("upload")) if hasattr(data, "getlist") else ()
        return [*chosen, UploadedBefore(str(data.get("form_token", "")), ids)] if ids else chosen


@dataclass(frozen=True)
class UploadedBefore:
    """Files that came up piece by piece before the form."""

    form_token: str = field(repr=False)
    ids: tuple[str, ...] = field(repr=False)


class FilesField(SharedField, forms.FileField):
    """Several uploads as a list; what they are is for the service to find out from their content."""

    widget = MultipleFileInput

    def __init__(self, **kwargs: Any) -> None:
        widget = MultipleFileInput(attrs={"multiple": True, "accept": ACCEPTED_FILES})
        super().__init__(required=False, allow_empty_file=True, widget=widget, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = data if isinstance(data, (list, tuple)) else [data]
        chosen = [file for file in files if file]
        before = [file for file in chosen if isinstance(file, UploadedBefore)]
        chosen = [file for file in chosen if not isinstance(file, UploadedBefore)]
        for item in before:
            validators.check_file_count(item.ids)
            chosen += uploads.received(item.form_token, item.ids)
        validators.check_file_count(chosen)
        return chosen


class MomentField(forms.DateTimeField):
    """A moment as people here write it: 21/11/2026 22:30, 22h30 21-11-26, or just the day. Never m/d."""

    default_error_messages = {
        "invalid": _("Chưa đọc được ngày, giờ. Xin ghi như 21/11/2026 22:30, hoặc để trống."),
    }
    input_formats = (
        "%d/%m/%Y %H:%M",
        "%H:%M %d/%m/%Y",
        "%d/%m/%Y",
        "%d/%m/%y %H:%M",
        "%H:%M %d/%m/%y",
        "%d/%m/%y",
    )

    def to_python(self, value: Any) -> datetime.datetime | None:
        if isinstance(value, str):
            value = _HOUR.sub(lambda found: f"{found[1]}:{found[2] or '00'} ", clean(value))
            value = " ".join(_DAY.sub(r"\1/\2/\3", value).replace(",", " ").split())
        return super().to_python(value)


class SpokenMomentField(SharedField, MomentField):
    """A moment, or the sender's own words ("tối qua") where no calendar understands them."""

    def to_python(self, value: Any) -> datetime.datetime | str | None:
        try:
            return super().to_python(value)
        except ValidationError:
            return " ".join(clean(value).split())[:MAX_MOMENT_WORDS]


class TipForm(forms.Form):
    """The tip form. Checking what was sent needs no lists; ``offer`` fills the selects of a page."""

    category = SharedChoiceField(
        label=_("Chuyện gì xảy ra?"),
        help_text=_("Chọn việc gần nhất. Không chắc thì chọn “Việc khác”."),
        choices=Category.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Xin chọn một loại tin. Không chắc thì chọn “Việc khác”."),
            "invalid_choice": _("Xin chọn một loại tin trong danh sách."),
        },
    )
    text = SharedPlainField(
        label=_("Kể lại điều thấy, nghe"),
        help_text=_("Ở đâu, lúc nào, ai, xe gì, đi về hướng nào. Viết không dấu cũng được."),
        error_messages={"required": _("Xin viết nội dung: chuyện gì xảy ra, ở đâu, lúc nào.")},
        widget=forms.Textarea(attrs={"rows": 7, "aria-required": "true"}),
    )
    unit = PlainField(
        label=_("Xảy ra ở xã, phường nào?"),
        error_messages={"required": _("Xin chọn xã, phường, đặc khu nơi xảy ra.")},
        widget=forms.Select(attrs={"aria-required": "true"}),
    )
    village = PlainField(label=_("Thôn, tổ dân phố"), required=False, widget=forms.Select)
    place = SharedPlainField(
        label=_("Chỗ cụ thể"),
        help_text=_("Ví dụ: lò gạch bỏ hoang cuối thôn, đối diện trạm y tế."),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": limits.MAX_PLACE}),
    )
    occurred_at = SpokenMomentField(
        label=_("Xảy ra lúc nào?"),
        help_text=_("Ví dụ: 21/11/2026 22:30, hoặc “khoảng 9 giờ tối qua”. Không nhớ thì để trống."),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": MAX_MOMENT_WORDS}),
    )
    files = FilesField(
        label=_("Ảnh, video, ghi âm"),
        help_text=_(
            "Thông tin vị trí trong ảnh, video được xóa trước khi lưu. Đừng đến gần nơi nguy hiểm để chụp."
        ),
    )
    contact_name = SharedPlainField(
        label=_("Họ và tên"), required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    contact_phone = SharedPlainField(
        label=_("Số điện thoại"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    # Filled by the button that asks the phone where it is; without JavaScript they are not on the page.
    lat = SharedPlainField(required=False, widget=forms.HiddenInput)
    lng = SharedPlainField(required=False, widget=forms.HiddenInput)
    broadcast = SharedPlainField(required=False, widget=forms.HiddenInput)
    form_token = SharedPlainField(required=False, widget=forms.HiddenInput)

    def offer(self, communes: list[Unit], villages: list[Unit]) -> None:
        """Fill the selects: ``villages`` are those of the commune chosen so far."""
        names = [(unit.code, unit.full_name) for unit in communes]
        blank = [("", _("Chọn xã, phường, đặc khu"))]
        self.fields["unit"].widget.choices = names if len(names) == 1 else blank + names
        self.fields["village"].widget.choices = [
            ("", _("Không nhớ, không rõ")),
            *((village.code, village.full_name) for village in villages),
        ]

    @property
    def wants_contact(self) -> bool:
        """Whether the sender wrote, or got wrong, a name or phone: then that box stands open."""
        fields = ("contact_name", "contact_phone")
        return any(self[name].value() or self[name].errors for name in fields)

    def clean(self) -> dict[str, Any]:
        """What was sent as one ``draft``, checked as every tip is.

        Words for the time join the report: officers understand them, nobody is sent back.
        """
        cleaned = super().clean()
        moment = cleaned.get("occurred_at")
        words = moment if isinstance(moment, str) else ""
        try:
            draft = clean_draft(self._draft(None if words else moment))
        except ValidationError as error:
            self._add_errors(error)
        else:
            said = "\n" + _("Lúc: %(words)s") % {"words": words} if words else ""
            cleaned["draft"] = replace(draft, text=draft.text + said)
        return cleaned

    def _draft(self, occurred_at: datetime.datetime | None) -> TipDraft:
        return TipDraft(
            **{name: self.cleaned_data.get(name, "") for name in _AS_TYPED},
            files=self.cleaned_data.get("files", ()),
            coordinates=self._coordinates(),
            occurred_at=occurred_at,
        )

    def _coordinates(self) -> tuple[str, str] | None:
        """Where the phone was; a place that cannot be is dropped, the sender cannot see the fields."""
        pair = (self.cleaned_data["lat"], self.cleaned_data["lng"])
        try:
            return pair if validators.clean_coordinates(*pair) else None
        except ValidationError:
            return None

    def _add_errors(self, error: ValidationError) -> None:
        """The complaints about fields that had none yet."""
        for name, errors in error.error_dict.items():
            if name not in self.errors:
                self.add_error(name, errors)


class AdditionForm(forms.Form):
    """More words or files for a tip that was sent before."""

    text = PlainField(
        label=_("Nội dung gửi thêm"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    files = FilesField(label=_("Ảnh, video, ghi âm"))
    form_token = PlainField(required=False, widget=forms.HiddenInput)

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        return validators.clean_message(text) if text else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and not cleaned.get("text") and not cleaned.get("files"):
            self.add_error("text", _("Xin viết nội dung hoặc chọn ảnh, video."))
        return cleaned
