"""Measuring the portal on the machine at hand: ``python -m bench --help``, protocol in ``bench/README.md``.

Nothing here is imported by the portal. Everything talks to loopback addresses only, and to databases whose
name starts with ``bench``.
"""
