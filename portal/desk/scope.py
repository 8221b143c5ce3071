"""What the pages of a desk list: what the person may see, narrowed to the unit they work for now.

Single objects are found through ``visible_to`` alone, so that a link keeps working after a switch of unit.
"""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from broadcasts.models import Broadcast, Delivery
from groups.models import Group, Unit
from tips.enums import OPEN, UNTAKEN
from tips.models import Tip


def tips(request: HttpRequest) -> QuerySet[Tip]:
    """Tips handled at or below the desk's unit."""
    return Tip.objects.visible_to(request.user, under=request.desk.unit)


def broadcasts(request: HttpRequest) -> QuerySet[Broadcast]:
    """Broadcasts of the desk's unit and below, and those that reached groups there."""
    rows = Broadcast.objects.visible_to(request.user)
    if not request.desk.has_choice:
        return rows
    here = Delivery.objects.filter(group__unit__path__startswith=request.desk.unit.path)
    return rows.filter(Q(unit__path__startswith=request.desk.unit.path) | Q(pk__in=here.values("broadcast")))


def own_broadcasts(request: HttpRequest) -> QuerySet[Broadcast]:
    """Broadcasts that units at or below the desk's unit wrote."""
    rows = Broadcast.objects.visible_to(request.user)
    return rows.filter(unit__path__startswith=request.desk.unit.path)


def groups(request: HttpRequest) -> QuerySet[Group]:
    """Groups at or below the desk's unit."""
    return Group.objects.visible_to(request.user).filter(unit__path__startswith=request.desk.unit.path)


def units(request: HttpRequest) -> QuerySet[Unit]:
    """The desk's unit and what lies below it, in force today."""
    return Unit.objects.under(request.desk.unit).current()


def needs_attention(now: datetime) -> Q:
    """Tips nobody has taken, and open ones past their deadline."""
    return Q(status__among=OPEN) & (Q(status__in=UNTAKEN) | Q(deadline__lt=now))
