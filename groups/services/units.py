"""Small rules of the unit tree."""

from groups.models import Unit


def next_village_code(commune: Unit) -> str:
    """The commune's code and the next free two-digit number: there are no official codes for villages.

    A number is never given twice, not even after its village was merged away, because old rows keep it.
    """
    taken = set(Unit.objects.filter(code__startswith=commune.code).values_list("code", flat=True))
    number = 1
    while f"{commune.code}{number:02d}" in taken:
        number += 1
    return f"{commune.code}{number:02d}"
