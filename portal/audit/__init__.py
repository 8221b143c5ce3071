"""Append-only audit trail: services call ``portal.audit.services.record`` in their own transaction."""
