"""Passwords that somebody who knows the office would try first."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.text import fold

# Folded, without blanks. What is left of a password besides these and digits must carry the secret.
GUESSED_WORDS = (
    "congan canhsat csgt cskv anninh trattu binhyen ketnoi zalo matkhau password quantri admin vietnam "
    "hochiminh hanoi saigon cong an xa phuong thon khupho toquoc nhandan phucvu truongca camon iloveyou "
    "qwerty abc demo trucban canbo lanhdao giadinh anhyeu emyeu bacho tphcm quynh nguyen"
).split()
LEET = str.maketrans("@0134$57!", "aoleasstl")
FEWEST_OWN_LETTERS = 5


class OfficePasswordValidator:
    """Refuses a password that is a word of the trade plus digits, such as ``congan123`` or ``Zalo@2026``."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ``ValidationError`` when little is left after the guessed words are taken out."""
        folded = fold(password)
        for text in (folded, folded.translate(LEET)):
            letters = re.sub(r"[^a-z]", "", text)
            rest = letters
            for word in sorted(GUESSED_WORDS, key=len, reverse=True):
                rest = rest.replace(word, "")
            if rest != letters and len(rest) < FEWEST_OWN_LETTERS:
                raise ValidationError(self.get_help_text(), code="password_of_the_office")

    def get_help_text(self) -> str:
        """The rule in one sentence."""
        return _("Mật khẩu không được chỉ gồm từ dễ đoán (công an, zalo, tên đơn vị…) thêm vài con số.")
