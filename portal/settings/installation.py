"""This installation: whether it is one in production, its name, its keys, the proxy before it."""

from django.core.exceptions import ImproperlyConfigured

from portal.environment import flag, integer, load_env_file, text, var_dir, words

load_env_file()
DEBUG = flag("DEBUG", default=False)
VAR_DIR = var_dir()


def required(name: str, *, debug_default: str) -> str:
    """A value that production must set; ``debug_default`` serves only while DEBUG is on."""
    value = text(name)
    if value:
        return value
    if DEBUG:
        return debug_default
    raise ImproperlyConfigured(f"{name} (or {name}_FILE) must be set when DEBUG is off")


INSECURE_SECRET_KEY = "insecure-development-key-never-used-in-production"
SECRET_KEY = required("SECRET_KEY", debug_default=INSECURE_SECRET_KEY)
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")
WEB_PORT = integer("WEB_PORT", default=8000)
PUBLIC_URL = required("PUBLIC_URL", debug_default=f"http://127.0.0.1:{WEB_PORT}").rstrip("/")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", default=["*"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# Keys of the field encryption: base64 of 32 bytes each, the first encrypts, all decrypt.
DEVELOPMENT_FIELD_KEY = "ZGV2ZWxvcG1lbnQta2V5LWRldmVsb3BtZW50LWtleTA="
FIELD_KEYS = [key for key in required("FIELD_KEYS", debug_default=DEVELOPMENT_FIELD_KEY).split(",") if key]
# Contacts of senders are sealed to the public key; only staff processes hold the private one.
IDENTITY_PUBLIC_KEY = required(
    "IDENTITY_PUBLIC_KEY", debug_default="En5HD/i/I1M5szGH0B7DWEsngH477sH3+mFEEQ9v/0g="
)
IDENTITY_PRIVATE_KEY = text(
    "IDENTITY_PRIVATE_KEY", "ZGV2ZWxvcG1lbnQtaWRlbnRpdHkta2V5LTAwMDAwMDA=" if DEBUG else ""
)

# Behind our own proxy (deploy/nginx.conf) its X-Forwarded-* headers count; without one they are ignored.
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)
# Who may read /metrics without an account.
INTERNAL_NETWORKS = words("INTERNAL_NETWORKS", default=["127.0.0.1/32", "::1/128"])
