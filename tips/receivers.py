"""Zalo's news that matters to tips: what residents write to an official account in private."""

from typing import Any

from django.dispatch import receiver

from groups.signals import News, zalo_event
from groups.zalo import events
from tips.services import zalo


@receiver(zalo_event, dispatch_uid="tips.private_messages")
def take_private_message(news: News, **kwargs: Any) -> None:
    """A message becomes a tip or joins one; a withdrawal of consent cuts the last thread to its sender."""
    if news.name == events.WITHDRAWN:
        zalo.forget_sender(news)
    elif news.name.startswith(events.PRIVATE_MESSAGE):
        zalo.receive(news)
