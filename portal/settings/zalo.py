"""The official accounts and bots at Zalo, and how they send."""

from portal.environment import flag, integer, text, words
from portal.settings.installation import DEBUG

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

USEFUL_HOURS_ROUTINE = integer("USEFUL_HOURS_ROUTINE", default=24)
USEFUL_HOURS_URGENT = integer("USEFUL_HOURS_URGENT", default=2)
# Groups that a person posts to: this long after the deadline the level above is shown them too.
ESCALATE_HOURS_ROUTINE = integer("ESCALATE_HOURS_ROUTINE", default=24)
ESCALATE_HOURS_URGENT = integer("ESCALATE_HOURS_URGENT", default=1)
RESEND_AFTER_CLEAN_READS = flag("RESEND_AFTER_CLEAN_READS", default=True)
SEND_CONCURRENCY = integer("SEND_CONCURRENCY", default=100)
