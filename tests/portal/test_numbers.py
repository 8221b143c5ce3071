"""Numbers in forms: points stand between thousands, never before decimals."""

import pytest
from django.core.exceptions import ValidationError

from portal.numbers import NumberField


@pytest.mark.parametrize(
    ("typed", "number"),
    [("3", 3), (" 25.000 ", 25_000), ("25.300.000", 25_300_000), ("1 000", 1_000), ("", None), (7, 7)],
)
def test_number_is_read_as_people_write_it(typed, number):
    assert NumberField(most=100_000_000).clean(typed) == number


@pytest.mark.parametrize("typed", ["1.5", "1.0", "1,5", "25.00", "1.0000", "ba", "-1", "100.000.001"])
def test_what_is_no_whole_number_is_asked_again(typed):
    with pytest.raises(ValidationError):
        NumberField(most=100_000_000).clean(typed)
