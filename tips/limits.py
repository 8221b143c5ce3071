"""Sizes a tip may have. Numbers a unit may want to change are read from the settings, the rest is fixed."""

from django.conf import settings

from tips.enums import EvidenceKind

MEGABYTE = 1024 * 1024

MIN_TEXT = 10
MAX_TEXT = 5000
MAX_PLACE = 300
MAX_CONTACT_NAME = 120
MIN_REASON = 3
MAX_REASON = 2000
# The number of a document or receipt.
MAX_REFERENCE = 120
# Pieces of a resumable upload: what one row is worth, and what one request may bring.
UPLOAD_LEAST_BYTES = 16 * 1024
UPLOAD_MOST_BYTES = MEGABYTE
# Why a sender's name had to be read is asked again years later; a word is no answer then.
MIN_REVEAL_REASON = 10


def max_files() -> int:
    """Files with one tip, or with one message of its thread."""
    return getattr(settings, "TIP_MAX_FILES", 5)


def max_bytes(kind: EvidenceKind) -> int:
    """The largest upload of a kind, as it arrives."""
    megabytes = {
        EvidenceKind.IMAGE: getattr(settings, "TIP_IMAGE_MAX_MB", 15),
        EvidenceKind.VIDEO: getattr(settings, "TIP_VIDEO_MAX_MB", 100),
        EvidenceKind.AUDIO: getattr(settings, "TIP_AUDIO_MAX_MB", 20),
    }
    return megabytes[kind] * MEGABYTE


def max_total_bytes() -> int:
    """The most that all files of one sending may have together, as they arrive."""
    return settings.TIP_TOTAL_MAX_MB * MEGABYTE


def min_free_bytes() -> int:
    """Below this much free disk files are refused, so that text still has room."""
    return settings.MIN_FREE_DISK_MB * MEGABYTE
