"""Sending: the library, notices, broadcasts, deliveries and the mailboxes that carry them."""

from broadcasts.models.alarms import Alarm
from broadcasts.models.broadcasts import Attempt, Broadcast, Delivery
from broadcasts.models.library import Notice, Picture, PictureUpload, Post
from broadcasts.models.mailboxes import CodeCounter, Mailbox
from broadcasts.models.posting import PostingTask, UsedKey

__all__ = [
    "Alarm",
    "Attempt",
    "Broadcast",
    "CodeCounter",
    "Delivery",
    "Mailbox",
    "Notice",
    "Picture",
    "PictureUpload",
    "Post",
    "PostingTask",
    "UsedKey",
]
