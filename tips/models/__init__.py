"""Tips: what residents report, in confidence."""

from tips.models.alarms import AlarmCall, DutyShift, PushDevice, TipAlarm
from tips.models.answers import AnswerTemplate
from tips.models.attention import Mention, TipRead
from tips.models.conduct import NamedOfficer
from tips.models.evidence import Evidence, Original, OriginalGrant
from tips.models.rules import DeadlineRule
from tips.models.thread import Contact, IdentityGrant, IdentityRequest, Message, TipEvent, Transfer
from tips.models.tips import Case, Tip, TipTerm
from tips.models.uploads import Upload, UploadPart
from tips.models.zalo import ZaloFile, ZaloThread

__all__ = [
    "AlarmCall",
    "AnswerTemplate",
    "Case",
    "Contact",
    "DeadlineRule",
    "DutyShift",
    "Evidence",
    "IdentityGrant",
    "IdentityRequest",
    "Mention",
    "Message",
    "NamedOfficer",
    "Original",
    "OriginalGrant",
    "PushDevice",
    "Tip",
    "TipAlarm",
    "TipEvent",
    "TipRead",
    "TipTerm",
    "Transfer",
    "Upload",
    "UploadPart",
    "ZaloFile",
    "ZaloThread",
]
