"""Prepared answers: each unit keeps its own, those below use them too."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from groups.admin.scoping import AreaFilter, ScopedAdmin
from portal.text import clean
from tips import procedures
from tips.models import AnswerTemplate


class AnswerTemplateForm(forms.ModelForm):
    """The procedure is chosen by its title."""

    procedure = forms.ChoiceField(
        label=_("Thủ tục kèm theo"),
        required=False,
        help_text=_("Địa chỉ trang hướng dẫn được thêm vào cuối câu trả lời."),
    )

    class Meta:
        model = AnswerTemplate
        fields = ("unit", "title", "category", "text", "procedure", "is_interim", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pages = [(page.slug, page.title) for page in procedures.pages()]
        self.fields["procedure"].choices = [("", _("Không kèm thủ tục")), *pages]

    def clean_text(self) -> str:
        return clean(self.cleaned_data["text"])


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(ScopedAdmin):
    """Answers of the units of one's area."""

    form = AnswerTemplateForm
    list_display = ("title", "unit", "category_column", "is_active")
    list_filter = ("is_active", "category", AreaFilter)
    list_select_related = ("unit",)
    autocomplete_fields = ("unit",)
    fields = ("unit", "title", "category", "text", "procedure", "is_interim", "is_active")
    audit_action = "tips.template.changed"

    @admin.display(description=_("Loại tin"), ordering="category")
    def category_column(self, template: AnswerTemplate) -> str:
        return template.get_category_display() or str(_("Mọi loại"))
