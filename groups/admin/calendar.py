"""Admin of holidays: one calendar for the whole country, kept by administrators."""

from django.contrib import admin

from groups.admin.trail import OwnTrailMixin
from groups.models import Holiday
from portal.audit.services import record


@admin.register(Holiday)
class HolidayAdmin(OwnTrailMixin, admin.ModelAdmin):
    """Deadlines in working days follow this table."""

    list_display = ("day", "name", "is_working_day")
    list_filter = ("is_working_day",)
    date_hierarchy = "day"

    def save_model(self, request, obj, form, change) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data:
            record(request.user, "groups.holiday.changed", obj, data={"fields": sorted(form.changed_data)})

    def delete_model(self, request, obj) -> None:
        record(request.user, "groups.holiday.changed", obj, data={"fields": ["deleted"]})
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset) -> None:
        for holiday in queryset:
            self.delete_model(request, holiday)
