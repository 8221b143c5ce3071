"""Tips: what residents report, in confidence."""

from tips.models.answers import AnswerTemplate
from tips.models.evidence import Evidence, Original, OriginalGrant
from tips.models.rules import DeadlineRule
from tips.models.thread import Contact, IdentityGrant, Message, TipEvent, Transfer
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
    "Original",
    "OriginalGrant",
    "Tip",
    "TipEvent",
    "TipTerm",
    "Transfer",
    "ZaloFile",
    "ZaloThread",
]
