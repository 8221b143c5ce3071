"""Encryption at rest: key ring, encrypted model fields, keyed digests, sealed boxes and encrypted files."""
