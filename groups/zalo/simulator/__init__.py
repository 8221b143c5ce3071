"""A stand-in for Zalo's hosts, for demonstrations, training and tests. It is not Zalo.

Speaks the same HTTP as the real hosts (token endpoint, OA API, uploads, webhooks), keeps what members would
see, and can be told to fail in every way the real hosts fail. It imports neither the client nor any model, so
that a shared mistake cannot hide; ``manage.py zalo_simulator`` runs it, and refuses to when DEBUG is off.
"""
