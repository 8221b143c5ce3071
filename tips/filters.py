"""Filters of the staff list; an unknown value is a complaint (400), a unit out of reach an empty list."""

import django_filters
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters

from groups.enums import Level
from groups.models import Unit
from tips.enums import OPEN, Category, Priority, TipStatus
from tips.models import Tip
from tips.querysets import TipQuerySet
from tips.services.search import search
from tips.validators import plain_code

_YES_NO = (("true", "true"), ("false", "false"), ("1", "1"), ("0", "0"))


class FlagFilter(django_filters.ChoiceFilter):
    """true or false, 1 or 0."""

    def __init__(self, **kwargs):
        super().__init__(choices=_YES_NO, **kwargs)


class TipFilter(filters.FilterSet):
    """The filters that API and pages share."""

    # Not distinct: no row comes twice, and to make sure of it every match would be sorted first.
    status = django_filters.MultipleChoiceFilter(choices=TipStatus.choices, distinct=False)
    category = django_filters.MultipleChoiceFilter(choices=Category.choices, distinct=False)
    priority = django_filters.ChoiceFilter(choices=[(p.name, p.name) for p in Priority], method="by_priority")
    unit = django_filters.CharFilter(method="by_unit")
    assignee = django_filters.CharFilter(method="by_assignee")
    q = django_filters.CharFilter(method="by_words")
    overdue = FlagFilter(method="by_overdue")
    valuable = FlagFilter(method="by_valuable")

    class Meta:
        model = Tip
        fields = ("status", "category", "priority", "unit", "assignee", "q", "overdue", "valuable")

    def by_priority(self, tips: TipQuerySet, _name: str, value: str) -> TipQuerySet:
        return tips.filter(priority=Priority[value])

    def by_unit(self, tips: TipQuerySet, _name: str, value: str) -> TipQuerySet:
        """Tips that happened or are handled at or below the unit."""
        unit = Unit.objects.filter(code=plain_code(value)).first()
        if unit is None:
            return tips.none()
        # Nothing happens or is handled at villages but what is at their commune.
        below = list(Unit.objects.under(unit).exclude(level=Level.VILLAGE).values_list("pk", flat=True))
        return tips.filter(Q(unit__in=below) | Q(handler__in=below))

    def by_assignee(self, tips: TipQuerySet, _name: str, value: str) -> TipQuerySet:
        # By number: a name that is joined hides from the database how few tips one person has.
        users = get_user_model().objects.filter(username=value)
        return tips.filter(assignee__in=list(users.values_list("pk", flat=True)))

    def by_words(self, tips: TipQuerySet, _name: str, value: str) -> TipQuerySet:
        return search(tips, value)

    def by_overdue(self, tips: TipQuerySet, _name: str, value: str) -> TipQuerySet:
        if value in ("true", "1"):
            return tips.overdue()
        return tips.filter(~Q(status__in=OPEN) | Q(deadline=None) | Q(deadline__gte=timezone.now()))

    def by_valuable(self, tips: TipQuerySet, _name: str, value: str) -> TipQuerySet:
        return tips.filter(is_valuable=value in ("true", "1"))
