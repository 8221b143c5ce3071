"""The directory in the Django admin; see ``groups.admin.scoping`` for the rule of who sees what."""
