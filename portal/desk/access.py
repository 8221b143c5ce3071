"""Who enters the desk, and where they work now.

Every page of the desk stands behind one of the decorators below: logged in, with an open posting in a role
the page is for. What the person may see or do on it is decided by ``visible_to`` and by the services.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect
from rest_framework.permissions import SAFE_METHODS

from broadcasts.permissions import POSTING_ROLES
from groups import permissions
from groups.enums import Level, Role
from groups.models import Posting, Unit
from portal.desk import badges
from portal.errors import NotAllowedError, WrongStateError

# The role that speaks for a person with several postings until they choose another.
ROLE_ORDER = (Role.CHIEF, Role.OFFICER, Role.BEAT_OFFICER, Role.SUPERVISOR, Role.RELAY)
STEERING_ORDER = (*ROLE_ORDER, Role.ADMINISTRATOR)
POSTING_KEY = "desk_posting"
KEEPERS_SHOWN = 2

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Desk:
    """The posting a person works under now, and the others they could switch to."""

    posting: Posting
    postings: tuple[Posting, ...]

    @property
    def unit(self) -> Unit:
        """The unit whose work is shown first."""
        return self.posting.unit

    @property
    def office(self) -> str:
        """What stands beside the portal's name: the police office, or the village of a village head."""
        return self.unit.full_name if self.unit.level == Level.VILLAGE else self.unit.police_name

    @property
    def role_name(self) -> str:
        """The role in words."""
        return self.posting.get_role_display()

    @property
    def is_relay(self) -> bool:
        """A village head who posts for the police: no tips, no menu."""
        return self.posting.role == Role.RELAY

    @property
    def is_administrator(self) -> bool:
        """Somebody who keeps the system running and does no police work: a menu of their own."""
        return self.posting.role == Role.ADMINISTRATOR

    @property
    def is_deciding(self) -> bool:
        """Chiefs and above approve posts and hand work out."""
        return self.posting.role in permissions.DECIDING_ROLES

    @property
    def has_choice(self) -> bool:
        """Whether there is another posting to switch to."""
        return len(self.postings) > 1


def desk_of(request: HttpRequest, *, roles: tuple[str, ...] = ROLE_ORDER) -> Desk | None:
    """The person's desk, or None when no open posting is one that works here."""
    postings = sorted(
        (p for p in permissions.open_postings(request.user) if p.role in roles),
        key=lambda posting: (roles.index(posting.role), posting.unit.path, posting.pk),
    )
    if not postings:
        return None
    chosen = request.session.get(POSTING_KEY)
    posting = next((p for p in postings if p.pk == chosen), postings[0])
    return Desk(posting, tuple(postings))


def desk_page(*roles: str) -> Callable[[View], View]:
    """Let in people logged in who hold one of ``roles`` in an open posting; everybody else gets 403.

    Service errors of the view become pages: a conflict (409) that keeps what was typed, or 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return expired(request)
            # Pages for administrators are found at a desk of their own; all others are not for them.
            by_role = STEERING_ORDER if Role.ADMINISTRATOR in roles else ROLE_ORDER
            request.desk = desk_of(request, roles=by_role)
            if request.desk is None:
                raise PermissionDenied
            if not permissions.has_role(request.user, *roles):
                if "application/json" in request.headers.get("Accept", ""):
                    raise PermissionDenied
                return forbidden(request, roles)
            try:
                return view(request, *args, **kwargs)
            except WrongStateError as error:
                return conflict(request, error)
            except NotAllowedError as error:
                raise PermissionDenied(str(error.message)) from error
            finally:
                if request.method not in SAFE_METHODS:
                    badges.forget(request)

        return guarded

    return decorate


writers_page = desk_page(*permissions.WRITING_ROLES)
steering_page = desk_page(*permissions.DIRECTORY_ROLES)
tips_page = desk_page(*permissions.TIP_ROLES)
posting_page = desk_page(*POSTING_ROLES)

# Words a person typed; the rest of a form is machinery.
TYPED_FIELDS = (
    *("text", "body", "title", "reason", "public_reason", "note", "valuable_reason"),
    *("place", "person", "words", "done", "what", "data", "measures", "reference", "lessons"),
)


def typed_words(request: HttpRequest) -> list[str]:
    """What the person wrote into the form that did not get through."""
    return [request.POST[name] for name in TYPED_FIELDS if request.POST.get(name, "").strip()]


def conflict(request: HttpRequest, error: WrongStateError) -> HttpResponse:
    """The 409 page: says what happened, gives back the words that were typed, leads to the present state."""
    # An act's address lies one step below the page of its object; rows of a list say where they belong.
    back = getattr(request, "object_url", request.path.rsplit("/", 2)[0] + "/")
    context = {"message": error.message, "typed": typed_words(request), "back": back}
    return render(request, "desk/conflict.html", context, status=409)


def forbidden(request: HttpRequest, roles: tuple[str, ...]) -> HttpResponse:
    """The 403 page of somebody who has a desk, for a page of ``roles``: the menu is still theirs."""
    context = {
        "desk": request.desk,
        "desk_unit": request.desk.office,
        "desk_role": request.desk.role_name,
        "keepers": keepers(request.desk.unit, roles),
    }
    return render(request, "desk/forbidden.html", context, status=403)


def keepers(unit: Unit, roles: tuple[str, ...]) -> list[Posting]:
    """Postings of those who have such a page for ``unit``, the nearest first: whom to ask instead."""
    rows = Posting.objects.serving(unit, *roles)
    return list(rows.select_related("user", "unit").order_by("-unit__path", "pk")[:KEEPERS_SHOWN])


def expired(request: HttpRequest) -> HttpResponse:
    """To the log-in page; words sent after the session ended come back on a page of their own (403)."""
    if request.htmx:
        # A fragment would put the log-in form into the middle of the page.
        page = request.htmx.current_url_abs_path or request.get_full_path()
        return HttpResponseClientRedirect(redirect_to_login(page).url)
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    back = request.path.rsplit("/", 2)[0] + "/"
    typed = typed_words(request)
    if not typed:
        return redirect_to_login(back)
    context = {"typed": typed, "login_url": redirect_to_login(back).url}
    return render(request, "desk/expired.html", context, status=403)
