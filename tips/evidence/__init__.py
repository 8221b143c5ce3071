"""Files a sender or an officer adds: recognised by content, cleaned, encrypted, streamed back.

``stored_uploads`` encrypts what came, ``clean_upload`` turns it into a file we made ourselves, without
metadata, at once or in a worker; ``attach`` writes the rows. The name a file came with is never looked at,
nor its declared type.
"""

from tips.evidence.cleaning import CleanFile, clean_upload
from tips.evidence.intake import StoredFile, attach, discard, stored_uploads
from tips.evidence.storage import open_evidence, read, store, unlink

__all__ = [
    "CleanFile",
    "StoredFile",
    "attach",
    "clean_upload",
    "discard",
    "open_evidence",
    "read",
    "store",
    "stored_uploads",
    "unlink",
]
