"""Files a sender or an officer adds: recognised by content, cleaned, encrypted, streamed back.

``stored_uploads`` encrypts what came, ``clean_upload`` turns it into a file we made ourselves, without
metadata, at once or in a worker; ``attach`` writes the rows. The name a file came with is never looked at,
nor its declared type.
"""

from tips.evidence.cleaning import CleanFile, check_beginning, clean_upload, recognise
from tips.evidence.errors import FileRefusedError
from tips.evidence.intake import StoredFile, attach, discard, stored_uploads
from tips.evidence.storage import open_evidence, read, store, unlink

__all__ = [
    "CleanFile",
    "FileRefusedError",
    "StoredFile",
    "attach",
    "check_beginning",
    "clean_upload",
    "discard",
    "open_evidence",
    "read",
    "recognise",
    "store",
    "stored_uploads",
    "unlink",
]
