"""The directory listens to Zalo's news itself."""

from typing import Any

from django.dispatch import receiver

from groups.services import zalo_news
from groups.signals import News, zalo_event


@receiver(zalo_event, dispatch_uid="groups.directory")
def keep_directory(news: News, **kwargs: Any) -> None:
    """Sizes, states and grants follow what Zalo says."""
    zalo_news.apply(news)
