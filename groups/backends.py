"""Authentication backend that knows people by their password, and what they may do from open postings.

The admin asks ``user.has_perm("groups.change_group")``. No Group or Permission rows are needed: the table is
``groups.permissions.MODEL_PERMISSIONS``, extended by each app with ``permissions.grant``. *Where* somebody
may act is asked elsewhere (``groups.admin.scoping``): this backend tells *what* a role may do at all.
"""

from django.contrib.auth.backends import ModelBackend

from groups import permissions


class PostingBackend(ModelBackend):
    """Django's own, but permissions come from open postings alone: tables of them are not even asked."""

    def get_user_permissions(self, user_obj, obj=None) -> set[str]:
        """Permissions of the open postings. Questions about one object are answered with nothing."""
        if obj is not None:
            return set()
        return permissions.model_permissions(user_obj)

    def get_group_permissions(self, user_obj, obj=None) -> set[str]:
        """Nothing: there are no groups of users."""
        return set()

    def get_all_permissions(self, user_obj, obj=None) -> set[str]:
        """The same as ``get_user_permissions``, which remembers what it read."""
        return self.get_user_permissions(user_obj, obj)

    def has_module_perms(self, user_obj, app_label: str) -> bool:
        """Whether the user may do anything at all in the app: decides which apps the admin lists."""
        return any(name.startswith(f"{app_label}.") for name in permissions.model_permissions(user_obj))
