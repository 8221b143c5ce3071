"""The state machine of a tip: which act is possible in which state, and where it leads.

    act        from                                             to
    accept     new, transferred, reopened                       accepted
    assign     every open state                                 verifying (answered stays answered)
    verify     accepted, answered, reopened                     verifying
    reply      accepted, verifying, answered, reopened          answered (verifying: an interim answer)
    question   accepted, verifying, answered, reopened          answered, its clock stands
    resume     answered                                         verifying, its clock runs
    note       every state                                      (stays)
    transfer   accepted, verifying, answered, reopened          transferred, at another unit
    return     transferred                                      transferred, back where it came from
    merge      every open state                                 duplicate
    unmerge    duplicate                                        what it was before
    extend     every open state                                 (stays)
    close      accepted, verifying, answered, reopened          closed, unfounded or spam
    discard    every open state                                 spam
    reopen     closed, unfounded, spam, duplicate               reopened
    classify   every open state                                 (stays; a new complaint is transferred)
    value      every state                                      (stays)

The sender's own message moves a tip that ended less than 14 days ago (closed or unfounded > reopened) and one
that was answered (> verifying). That of a duplicate moves the main tip of the case.
"""

from collections.abc import Mapping
from enum import StrEnum

from tips.enums import ENDED, OPEN, UNTAKEN, Outcome, TipStatus


class Act(StrEnum):
    """What a person does with a tip."""

    ACCEPT = "accept"
    ASSIGN = "assign"
    VERIFY = "verify"
    REPLY = "reply"
    QUESTION = "question"
    RESUME = "resume"
    NOTE = "note"
    TRANSFER = "transfer"
    RETURN = "return"
    MERGE = "merge"
    UNMERGE = "unmerge"
    EXTEND = "extend"
    CLOSE = "close"
    DISCARD = "discard"
    REOPEN = "reopen"
    CLASSIFY = "classify"
    VALUE = "value"


EVERY = tuple(TipStatus)
IN_HAND = (TipStatus.ACCEPTED, TipStatus.VERIFYING, TipStatus.ANSWERED, TipStatus.REOPENED)

ALLOWED_FROM: Mapping[Act, tuple[TipStatus, ...]] = {
    Act.ACCEPT: UNTAKEN,
    Act.ASSIGN: OPEN,
    Act.VERIFY: (TipStatus.ACCEPTED, TipStatus.ANSWERED, TipStatus.REOPENED),
    Act.REPLY: IN_HAND,
    Act.QUESTION: IN_HAND,
    Act.RESUME: (TipStatus.ANSWERED,),
    Act.NOTE: EVERY,
    Act.TRANSFER: IN_HAND,
    Act.RETURN: (TipStatus.TRANSFERRED,),
    Act.MERGE: OPEN,
    Act.UNMERGE: (TipStatus.DUPLICATE,),
    Act.EXTEND: OPEN,
    Act.CLOSE: IN_HAND,
    Act.DISCARD: OPEN,
    Act.REOPEN: ENDED,
    Act.CLASSIFY: OPEN,
    Act.VALUE: EVERY,
}

STATUS_OF_OUTCOME: Mapping[Outcome, TipStatus] = {
    Outcome.HANDLED: TipStatus.CLOSED,
    Outcome.GUIDED: TipStatus.CLOSED,
    Outcome.INSUFFICIENT: TipStatus.CLOSED,
    Outcome.UNFOUNDED: TipStatus.UNFOUNDED,
    Outcome.SPAM: TipStatus.SPAM,
}


def is_possible(act: Act, status: str) -> bool:
    """Whether ``act`` can be done in ``status``; pages use it to offer only what works."""
    return status in ALLOWED_FROM[act]
