"""Static assets, uploads and the disk they lie on."""

from portal.environment import BASE_DIR, integer, text, upload_dir
from portal.settings.installation import DEBUG, VAR_DIR

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
# Evidence and pictures lie outside the web root; views check rights and stream them.
MEDIA_ROOT = text("MEDIA_ROOT") or str(VAR_DIR / "media")
MEDIA_URL = "/khong-phuc-vu/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Well above what a tip takes: whoever chooses too many gets the form back with the words, not an error page.
DATA_UPLOAD_MAX_NUMBER_FILES = 40
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Larger files wait here in plain until they are encrypted; emptied at each start.
FILE_UPLOAD_TEMP_DIR = str(upload_dir())

# With less than this free no file is taken, only words, and an alarm says so.
MIN_FREE_DISK_MB = integer("MIN_FREE_DISK_MB", default=500)
