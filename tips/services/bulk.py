"""One act on many tips: each stands or falls alone, and what was not done says why and by whom."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from portal.errors import PortalError, WrongStateError
from tips.models import Tip
from tips.services.changes import last_change

AT_ONCE = 100


@dataclass(frozen=True)
class Result:
    """What became of one tip; ``complaint`` is empty when it was done."""

    tip: Tip
    complaint: str = ""


def act_on_each(
    act: Callable[..., Tip], rows: Iterable[tuple[Tip, int]], *, actor: Any, **arguments: Any
) -> list[Result]:
    """Do ``act`` with every (tip, version the person saw). A refusal leaves that tip as it is and goes on.

    Who changed a tip meanwhile is told only to who may still see it.
    """
    return [_one(act, tip, version, actor=actor, **arguments) for tip, version in rows]


def _one(act: Callable[..., Tip], tip: Tip, version: int, *, actor: Any, **arguments: Any) -> Result:
    try:
        return Result(act(tip, actor=actor, version=version, **arguments))
    except WrongStateError as error:
        is_visible = Tip.objects.visible_to(actor).filter(pk=tip.pk).exists()
        return Result(tip, (is_visible and last_change(tip)) or str(error.message))
    except PortalError as error:
        return Result(tip, str(error.message))
    except ValidationError as error:
        return Result(tip, " ".join(error.messages))
