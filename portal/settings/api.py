"""The API: authentication, pages, limits, schema."""

from portal.environment import text
from portal.settings.installation import BEHIND_PROXY, DEBUG

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
    "DEFAULT_PARSER_CLASSES": [
        "portal.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
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
