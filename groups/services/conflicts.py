"""Two people at the same moment: what the database refuses to the second one is a state, not a failure."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from portal.errors import WrongStateError


@contextmanager
def one_of_two() -> Iterator[None]:
    """A transaction whose broken constraint is ``WrongStateError`` (409): the other one was first."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise WrongStateError from error
