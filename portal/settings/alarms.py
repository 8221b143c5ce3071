"""How people learn that something needs them: mail to chiefs and administrators, push to those on duty."""

import environ

from portal.environment import text, words
from portal.settings.installation import DEBUG, VAR_DIR

# smtp://user:password@host:25, smtp+tls://... Unset in DEBUG: files under var/mail; else no mail at all.
EMAIL_URL = text("EMAIL_URL", "filemail://" if DEBUG else "dummymail://")
EMAIL = environ.Env.email_url_config(EMAIL_URL)
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = EMAIL.get("EMAIL_PORT") or (465 if EMAIL.get("EMAIL_USE_SSL") else 25)
EMAIL_HOST_USER = EMAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
# A web request may be the one to say that nothing else works: it must not hang on a mail server.
EMAIL_TIMEOUT = 4
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "ket-noi-binh-yen@localhost")

# An ECDSA key pair on P-256 in URL-safe base64 without padding (RFC 8292). Without it nothing is pushed.
VAPID_PUBLIC_KEY = text(
    "VAPID_PUBLIC_KEY",
    "BBP9P2KrrQ6WMZHUNeDBmx-0u_fSTZpSmMlpv3lGr1B9gTAtQJnKjb4oqj9qAxcVlP5wOwukq8vOLM9wtTLxHyQ"
    if DEBUG
    else "",
)
VAPID_PRIVATE_KEY = text("VAPID_PRIVATE_KEY", "iHwkiq_fvuAWZ0wk9xPAlfoA9FS8rntZrbmImRd5Gcc" if DEBUG else "")
# Push services of browsers, with all below them: subscriptions elsewhere are refused.
PUSH_HOSTS = words(
    "PUSH_HOSTS",
    default=["fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"],
)

# Web requests look after beat, workers and broker, which cannot report their own end.
ALARMS_FROM_WEB = True
