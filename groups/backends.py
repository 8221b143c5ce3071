"""Authentication backend that answers Django's permission questions from open postings.

The admin asks ``user.has_perm("groups.change_group")``. No Group or Permission rows are needed: the table is
``groups.permissions.MODEL_PERMISSIONS``, extended by each app with ``permissions.grant``. *Where* somebody
may act is asked elsewhere (``groups.admin.scoping``): this backend tells *what* a role may do at all.
"""

from django.contrib.auth.backends import BaseBackend

from groups import permissions


class PostingBackend(BaseBackend):
    """Grants model permissions while a posting is open; never authenticates anybody."""

    def get_user_permissions(self, user_obj, obj=None) -> set[str]:
        """Permissions of the open postings. Questions about one object are answered with nothing."""
        if obj is not None:
            return set()
        return permissions.model_permissions(user_obj)

    def has_module_perms(self, user_obj, app_label: str) -> bool:
        """Whether the user may do anything at all in the app: decides which apps the admin lists."""
        return any(name.startswith(f"{app_label}.") for name in permissions.model_permissions(user_obj))
