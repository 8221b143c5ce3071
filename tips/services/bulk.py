"""One act on many tips: each stands or falls alone, and what was not done says why and by whom."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.errors import PortalError, WrongStateError
from tips.enums import Priority
from tips.models import Tip
from tips.services import handling
from tips.services.changes import last_change
from tips.services.states import Act, is_possible

AT_ONCE = 100


@dataclass(frozen=True)
class Result:
    """What became of one tip; ``complaint`` is empty when it was done.

    ``is_skipped``: there was nothing to do, as the list had shown; nobody has to look at it again.
    """

    tip: Tip
    complaint: str = ""
    is_skipped: bool = False


def act_on_each(
    act: Callable[..., Tip], rows: Iterable[tuple[Tip, int]], *, actor: Any, **arguments: Any
) -> list[Result]:
    """Do ``act`` with every (tip, version the person saw). A refusal leaves that tip as it is and goes on.

    Who changed a tip meanwhile is told only to who may still see it.
    """
    return [_one(act, tip, version, actor=actor, **arguments) for tip, version in rows]


def accept_each(rows: Iterable[tuple[Tip, int]], *, actor: Any) -> list[Result]:
    """Take many tips, but none in danger: that would still an alarm before anybody has read the tip."""
    results = []
    for tip, version in rows:
        if is_taken_alone(tip):
            complaint = _("Tin đang nguy hiểm (P0) không tiếp nhận hàng loạt. Xin mở tin, đọc rồi tiếp nhận.")
            results.append(Result(tip, complaint))
        elif tip.version == version and not is_possible(Act.ACCEPT, tip.status):
            results.append(Result(tip, last_change(tip), is_skipped=True))
        else:
            results.append(_one(handling.accept, tip, version, actor=actor))
    return results


def is_taken_with_others(tip: Tip) -> bool:
    """Whether the tip waits to be taken and may be with others: what "all of them" means in a list."""
    return is_possible(Act.ACCEPT, tip.status) and not is_taken_alone(tip)


def is_taken_alone(tip: Tip) -> bool:
    """Whether the tip has to be opened before somebody takes it."""
    return tip.priority == Priority.P0


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
