"""Tips: what residents report, in confidence."""

from tips.models.rules import DeadlineRule
from tips.models.answers import AnswerTemplate
from tips.models.thread import Contact, Evidence, IdentityGrant, Message, TipEvent, Transfer
from tips.models.tips import Case, Tip, TipTerm
from tips.models.zalo import ZaloFile, ZaloThread

__all__ = [
    "AnswerTemplate",
    "Case",
    "Contact",
    "DeadlineRule",
    "Evidence",
    "IdentityGrant",
    "Message",
    "Tip",
    "TipEvent",
    "TipTerm",
    "Transfer",
    "ZaloFile",
    "ZaloThread",
]
