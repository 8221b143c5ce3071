"""Evidence of tips, and the form under attack."""

from portal.environment import flag, integer, text

# The bytes of a file as they came stay beside the clean copy, sealed to IDENTITY_PUBLIC_KEY.
KEEP_ORIGINALS = flag("KEEP_ORIGINALS", default=True)
# ClamAV's daemon, host:port or /path/of/its.socket; unset: files are not scanned.
CLAMAV_ADDRESS = text("CLAMAV_ADDRESS")
# All files of one sending together, as they arrive; the proxy lets more through (deploy/nginx.conf).
TIP_TOTAL_MAX_MB = integer("TIP_TOTAL_MAX_MB", default=200)

# Every tip form asks for a moment's work or a minute's wait, not only those of networks that send many.
TIP_PROOF_ALWAYS = flag("TIP_PROOF_ALWAYS", default=False)
