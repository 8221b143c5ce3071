"""Files a sender or an officer adds: recognised by content, cleaned, encrypted, streamed back.

``clean_upload`` turns whatever came into a file we made ourselves, without metadata; ``store`` encrypts it
under MEDIA_ROOT; ``open_evidence`` yields it again. The name a file came with is never looked at, nor its
declared type.
"""

from tips.evidence.cleaning import CleanFile, clean_upload
from tips.evidence.storage import StoredFile, discard, open_evidence, store, stored_uploads

__all__ = [
    "CleanFile",
    "StoredFile",
    "clean_upload",
    "discard",
    "open_evidence",
    "store",
    "stored_uploads",
]
