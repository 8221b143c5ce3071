"""Tips: what residents report, in confidence."""

from tips.models.alarms import AlarmCall, DutyShift, PushDevice, TipAlarm
from tips.models.answers import AnswerTemplate
from tips.models.attention import Mention, TipRead
from tips.models.conduct import NamedOfficer
from tips.models.deadlines import Escalation, Extension, Rating
from tips.models.evidence import Evidence, Original, OriginalGrant
from tips.models.keeping import ErasureNotice, RetentionHold, RetentionRule, Tombstone
from tips.models.registers import Breach, DataRequest
from tips.models.rules import DeadlineRule
from tips.models.thread import Contact, IdentityGrant, IdentityRequest, Message, TipEvent, Transfer
from tips.models.tips import Case, Tip, TipTerm
from tips.models.uploads import Upload, UploadPart
from tips.models.zalo import ZaloFile, ZaloThread

__all__ = [
    "AlarmCall",
    "AnswerTemplate",
    "Breach",
    "Case",
    "Contact",
    "DataRequest",
    "DeadlineRule",
    "DutyShift",
    "ErasureNotice",
    "Escalation",
    "Evidence",
    "Extension",
    "IdentityGrant",
    "IdentityRequest",
    "Mention",
    "Message",
    "NamedOfficer",
    "Original",
    "OriginalGrant",
    "PushDevice",
    "Rating",
    "RetentionHold",
    "RetentionRule",
    "Tip",
    "TipAlarm",
    "TipEvent",
    "TipRead",
    "TipTerm",
    "Tombstone",
    "Transfer",
    "Upload",
    "UploadPart",
    "ZaloFile",
    "ZaloThread",
]
