"""Who may log in, how, and for how long."""

from portal.environment import flag, integer
from portal.settings.installation import DEBUG

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
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
