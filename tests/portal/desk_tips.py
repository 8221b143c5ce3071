"""Acts on the world's tip."""

from django.urls import reverse

from tests.portal.desk_world import World
from tips.models import Tip


def act(world: World, name: str, *, by: str = "officer", tip: Tip | None = None, **data):
    """Post one act on the world's tip, on its present version unless told otherwise."""
    tip = tip or world.tip
    data.setdefault("version", Tip.objects.get(pk=tip.pk).version)
    return world.client(by).post(reverse("desk:tip_act", args=[tip.public_id, name]), data, follow=True)
