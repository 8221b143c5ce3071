"""Settings of the portal, driven by the environment.

Every secret may also come from a file named in ``NAME_FILE``. A ``.env`` file in the project's root is read
first and never overrides the environment. With ``DEBUG`` on, whatever is unset falls back to an embedded
default under ``var/``; with ``DEBUG`` off, a missing secret stops the start. Nonsense combinations are
system checks (``portal/checks.py``), so ``manage.py check --deploy`` is the linter of a configuration.
"""

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal import broker, logging
from portal.environment import BASE_DIR, flag, integer, load_env_file, text, upload_dir, var_dir, words

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


# --- Identity of this installation -----------------------------------------------------------------------

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

# --- Applications ----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal",
    "portal.accounts",
    "portal.audit",
    "portal.crypto",
    "groups",
    "broadcasts",
    "tips",
    "portal.site",
    "portal.desk",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    # The form templates themselves; ours in templates/ come first (see FORM_RENDERER).
    "django.forms",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
]

MIDDLEWARE = [
    "portal.logging.RequestLogMiddleware",
    "portal.addresses.NulMiddleware",
    "portal.site.compression.CompressionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "portal.accounts.middleware.IdleSessionMiddleware",
    "portal.accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
# Widgets are rendered by the same engine, so that templates/ may replace Django's own.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database, broker, cache -----------------------------------------------------------------------------

DATABASE_URL = text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
USES_SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if USES_SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # A stuck statement or lock must end as an error in one request, not as a pool without free connections.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        connect_timeout=2,
        options=(
            f"-c statement_timeout={integer('DATABASE_STATEMENT_TIMEOUT', default=30)}s"
            " -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
        ),
    )
DATABASES["default"]["CONN_MAX_AGE"] = integer("CONN_MAX_AGE", default=600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

EMBEDDED_BROKER_SOCKET = broker.socket_path(VAR_DIR)
EMBEDDED_BROKER_URL = f"redis+socket://{EMBEDDED_BROKER_SOCKET}"
CELERY_BROKER_URL = text("CELERY_BROKER_URL", EMBEDDED_BROKER_URL)
USES_EMBEDDED_BROKER = CELERY_BROKER_URL == EMBEDDED_BROKER_URL


def cache_beside(broker_url: str) -> str:
    """The address of a cache shared by all web workers: the broker's server, its database 1 (or 2).

    A broker that is no Redis leaves the database as the one thing all workers share: ``db://portal_cache``.
    """
    if broker_url == EMBEDDED_BROKER_URL:
        return f"unix://{EMBEDDED_BROKER_SOCKET}?db=1"
    if not broker_url.startswith(("redis://", "rediss://")):
        return "db://portal_cache"
    address, _, options = broker_url.partition("?")
    scheme, _, rest = address.partition("://")
    host, _, number = rest.partition("/")
    return f"{scheme}://{host}/{2 if number == '1' else 1}" + (f"?{options}" if options else "")


CACHE_URL = text("CACHE_URL", cache_beside(CELERY_BROKER_URL))
if CACHE_URL.startswith("db://"):
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": CACHE_URL.removeprefix("db://"),
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "portal.cache.TolerantRedisCache",
            "LOCATION": CACHE_URL,
            "KEY_PREFIX": "portal",
            "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        }
    }

# For so long a web process may remember names of the directory and pages that hardly change.
MEMORY_SECONDS = 3

# --- Accounts --------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "groups.backends.PostingBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "portal.accounts.passwords.OfficePasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/can-bo/"
LOGOUT_REDIRECT_URL = "/"
REQUIRE_SECOND_FACTOR = flag("REQUIRE_SECOND_FACTOR", default=not DEBUG)
# By account and network together: an office behind one address must not lock itself out, and nobody else
# can lock the duty desk out by typing wrong passwords from outside.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "portal.accounts.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "portal.network.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username"]
OTP_TOTP_ISSUER = "Kết nối bình yên"
# A staff session ends after this long without a request, and in any case after SESSION_COOKIE_AGE.
SESSION_IDLE_MINUTES = integer("SESSION_IDLE_MINUTES", default=30)

# --- Language, time --------------------------------------------------------------------------------------

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
# An address typed without its scheme means https; Django's own default from 6.0 on.
FORMS_URLFIELD_ASSUME_HTTPS = True
FORMAT_MODULE_PATH = ["portal.formats"]

# --- Files, static assets --------------------------------------------------------------------------------

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

# --- Evidence --------------------------------------------------------------------------------------------

# The bytes of a file as they came stay beside the clean copy, sealed to IDENTITY_PUBLIC_KEY.
KEEP_ORIGINALS = flag("KEEP_ORIGINALS", default=True)
# ClamAV's daemon, host:port or /path/of/its.socket; unset: files are not scanned.
CLAMAV_ADDRESS = text("CLAMAV_ADDRESS")
# All files of one sending together, as they arrive; the proxy lets more through (deploy/nginx.conf).
TIP_TOTAL_MAX_MB = integer("TIP_TOTAL_MAX_MB", default=200)

# --- Zalo ------------------------------------------------------------------------------------------------

ZALO_API_URL = text("ZALO_API_URL", "http://127.0.0.1:9000" if DEBUG else "https://openapi.zalo.me")
ZALO_OAUTH_URL = text("ZALO_OAUTH_URL", "http://127.0.0.1:9000" if DEBUG else "https://oauth.zaloapp.com")
ZALO_BOT_URL = text("ZALO_BOT_URL", "http://127.0.0.1:9000" if DEBUG else "https://bot-api.zaloplatforms.com")
ZALO_CLIENT = "groups.zalo.client.ZaloClient"
ZALO_BOT_CLIENT = "groups.zalo.bot.BotClient"
# Counts the calls of an account that are not sending: ``(account_id, calls, now=, is_urgent=)`` -> how many.
ACCOUNT_CALL_BUDGET = "broadcasts.services.budget.take"
# The Bot Platform is on trial at Zalo: while this is off, a person posts to the groups of bots.
ZALO_BOT_ENABLED = flag("ZALO_BOT_ENABLED", default=False)
# Some accounts of state agencies may answer people only at Zalo's older address (-235 at the present one).
ZALO_OLD_PRIVATE_PATH = flag("ZALO_OLD_PRIVATE_PATH", default=False)
# Hosts, with all below them, that files of private messages are fetched from.
ZALO_MEDIA_HOSTS = words("ZALO_MEDIA_HOSTS", default=["zdn.vn", "zadn.vn", "dlfl.vn"])
# Only where Zalo's console insists on one fixed challenge: then every connection uses this PKCE verifier.
ZALO_CODE_VERIFIER = text("ZALO_CODE_VERIFIER")
# Of the files zalo_verifier<code>.html with which Zalo's console has apps prove that this host is theirs.
ZALO_VERIFIER_CODES = words("ZALO_VERIFIER_CODES")

# --- Sending ---------------------------------------------------------------------------------------------

USEFUL_HOURS_ROUTINE = integer("USEFUL_HOURS_ROUTINE", default=24)
USEFUL_HOURS_URGENT = integer("USEFUL_HOURS_URGENT", default=2)
# Groups that a person posts to: this long after the deadline the level above is shown them too.
ESCALATE_HOURS_ROUTINE = integer("ESCALATE_HOURS_ROUTINE", default=24)
ESCALATE_HOURS_URGENT = integer("ESCALATE_HOURS_URGENT", default=1)
RESEND_AFTER_CLEAN_READS = flag("RESEND_AFTER_CLEAN_READS", default=True)
SEND_CONCURRENCY = integer("SEND_CONCURRENCY", default=100)

# --- Mail (alarms to chiefs and administrators) ----------------------------------------------------------

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

# --- Tips under attack -----------------------------------------------------------------------------------

# Every tip form asks for a moment's work or a minute's wait, not only those of networks that send many.
TIP_PROOF_ALWAYS = flag("TIP_PROOF_ALWAYS", default=False)

# --- Web push (urgent tips to people on duty) ------------------------------------------------------------

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

# --- Celery ----------------------------------------------------------------------------------------------

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Celery cannot stop a thread, so there is no time limit: every task ends by itself. A turn of sending takes
# 45 s and what its last calls need, the others work in batches of bounded size. An overrun is logged.
LONGEST_TASK_SECONDS = 180
# A crashed worker's message comes back after the visibility timeout, and so would that of a task that takes
# longer; the two intervals keep kombu from adding some 100 s of its own (celery/kombu#2558).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    # Publishing tries once: kombu's own default would hold a web request for six seconds.
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "portal.heartbeat", "schedule": 30.0},
    "start-due-broadcasts": {"task": "broadcasts.start_due_broadcasts", "schedule": 15.0},
    "sweep": {"task": "broadcasts.sweep", "schedule": 60.0},
    "process-zalo-events": {"task": "groups.process_events", "schedule": 15.0},
    "forget-zalo-events": {"task": "groups.forget_events", "schedule": 24 * 3600.0},
    "sync-groups": {"task": "groups.sync_groups", "schedule": crontab(minute="*/10", hour="1-4")},
    "renew-tokens": {"task": "groups.renew_tokens", "schedule": 15 * 60.0},
    "forget-past-logins": {"task": "accounts.forget_past_logins", "schedule": 24 * 3600.0},
    "sync-admin-access": {"task": "groups.sync_admin_access", "schedule": 3600.0},
    "raise-repeated-tips": {"task": "tips.raise_repeated", "schedule": 60.0},
    "mail-mentions": {"task": "tips.mail_mentions", "schedule": 60.0},
    "answer-zalo": {"task": "tips.answer_zalo", "schedule": 60.0},
    "fetch-zalo-files": {"task": "tips.fetch_zalo_files", "schedule": 60.0},
    "forget-zalo-threads": {"task": "tips.forget_zalo_threads", "schedule": 24 * 3600.0},
    "sweep-uploads": {"task": "tips.sweep_uploads", "schedule": 15 * 60.0},
    "work-on-evidence": {"task": "tips.work_on_evidence", "schedule": 60.0},
    "ring-alarms": {"task": "tips.ring_alarms", "schedule": 15.0},
    "sweep-tips": {"task": "tips.sweep", "schedule": 60.0},
    "erase-expired-tips": {"task": "tips.erase_expired", "schedule": 24 * 3600.0},
}
# A request must not wait for a broker that is away: the sweep finds what was not announced.
CELERY_TASK_PUBLISH_RETRY = False

# --- API -------------------------------------------------------------------------------------------------

THROTTLES_SWITCH = text("THROTTLES", "on").lower()
THROTTLES = not (DEBUG and THROTTLES_SWITCH == "off")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["knox.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "portal.api.PageNumberPagination",
    "EXCEPTION_HANDLER": "portal.api.exception_handler",
    "PAGE_SIZE": 50,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    # Without a proxy of ours the header is the client's own words.
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
}
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Kết nối bình yên API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "portal.schema.add_errors",
    ],
    # Fields of several resources share a name; in the schema each set of values has a name of its own.
    "ENUM_NAME_OVERRIDES": {
        "GroupChannel": "groups.enums.Channel",
        "GroupKind": "groups.enums.GroupKind",
        "TipChannel": "tips.enums.SourceChannel",
        "PostKind": "broadcasts.enums.PostKind",
        "BroadcastState": "broadcasts.enums.BroadcastState",
        "DeliveryState": "broadcasts.enums.DeliveryState",
    },
}

# --- Logs ------------------------------------------------------------------------------------------------

LOGGING = logging.configuration(debug=DEBUG)

# --- Security --------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_FAILURE_VIEW = "portal.site.errors.csrf_failure"
CSRF_COOKIE_AGE = None
CSRF_COOKIE_HTTPONLY = True
if not DEBUG:
    SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrf"
    if BEHIND_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
