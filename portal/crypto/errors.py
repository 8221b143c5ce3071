"""Errors of the crypto package.

CryptoError
├── KeyConfigurationError     the keys in the settings are missing or malformed
│   └── NoPrivateKeyError     this process was started without the identity private key
└── DecryptionError           stored data could not be read back
    ├── MalformedTokenError   it is not something this package wrote
    ├── UnknownKeyError       its key is not (or no longer) in the ring
    └── TamperedTokenError    authentication failed: changed, moved to another column, or cut short

No message carries plaintext, ciphertext or key material, so all of them are safe to log.
"""


class CryptoError(Exception):
    """Base of every error of this package."""


class KeyConfigurationError(CryptoError):
    """The keys in the settings are missing or malformed."""


class NoPrivateKeyError(KeyConfigurationError):
    """This process holds no identity private key and therefore cannot open sealed contacts."""


class DecryptionError(CryptoError):
    """Stored data could not be read back."""


class MalformedTokenError(DecryptionError):
    """The value was not written by this package."""


class UnknownKeyError(DecryptionError):
    """The value names a key that is not in the ring."""


class TamperedTokenError(DecryptionError):
    """The value does not authenticate under its key and context."""
