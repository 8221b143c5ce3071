"""Vietnamese text: stored form, search keys, sort keys, masking. No database.

Three forms of one text:

* `clean`      what is stored and shown: NFC, no invisible characters, Đ always the Vietnamese letter.
* `search_key` what is searched: no case, no diacritics, i = y, abbreviations written out. Both the stored key
               and the query go through it, so a lossy rule costs precision, never a miss.
* `sort_key`   what is sorted: dictionary order as plain ASCII, the same on every database.
"""

import re
import unicodedata

from portal.phones import Phone, PhoneError, mask_phone, parse_phone

__all__ = [
    "Phone",
    "PhoneError",
    "clean",
    "fold",
    "mask_name",
    "mask_phone",
    "parse_phone",
    "person_sort_key",
    "search_key",
    "sort_key",
    "whole_number",
    "words",
]

# Ð (Icelandic) and Ɖ (African) look like Đ but compare unequal and have other small letters; old Word files
# and keyboards are full of them.
_LOOKALIKES = {0x00D0: "Đ", 0x00F0: "đ", 0x0189: "Đ", 0x0256: "đ"}
_SPACES = dict.fromkeys([0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
_LINES = dict.fromkeys([0x0B, 0x0C, 0x85, 0x2028, 0x2029], "\n")
_CONTROLS = [*range(0x00, 0x09), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0)]
_INVISIBLE = [
    *(0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x180B, 0x1810),
    *(0x200B, 0x200C, 0x200E, 0x200F),  # not the joiner U+200D: emoji need it, see _STRAY_JOINER
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE0F),
    *range(0xFFF0, 0xFFFC),
    *range(0xE0000, 0xE1000),
]
_NONCHARACTERS = [*range(0xFDD0, 0xFDF0), *(p * 0x10000 + low for p in range(17) for low in (0xFFFE, 0xFFFF))]
_CLEAN_TABLE: dict[int, str | None] = {
    **dict.fromkeys([*_CONTROLS, *_INVISIBLE, *_NONCHARACTERS, *range(0xD800, 0xE000)], None),
    **_LOOKALIKES,
    **_SPACES,
    **_LINES,
}

_PLAIN = re.compile(r"[\n -~]*")
_EMOJI = (
    "©®‼⁉™ℹ\u2194-\u21aa\u231a-\u2328\u232b-\u23ff\u25aa-\u27bf\u2934\u2935\u2b00-\u2bff\U0001f000-\U0001faff"
)
# The joiner and the emoji selector survive only inside an emoji; anywhere else they split words unseen.
_STRAY_JOINER = re.compile(f"(?<![{_EMOJI}])(?<![{_EMOJI}]\ufe0f)\u200d|\u200d(?![{_EMOJI}])")
_STRAY_SELECTOR = re.compile(f"(?<![{_EMOJI}0-9#*])\ufe0f")
# What any of the three may change; most texts hold none of it, and are done with in a fifth of the time.
_ODD = frozenset(map(chr, _CLEAN_TABLE)) | {"\u200d", "\ufe0f"}

# Vietnamese needs two marks on a letter at most, and NFC leaves it none; some other scripts need three.
MAX_STACKED_MARKS = 3
_MARKS_SUSPECTED = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_STACKED_MARKS + 1},}}")


def clean(text: str) -> str:
    """Return the stored form of a text a person typed or a file contained.

    Letters that merely look like Đ become Đ; line ends become LF, TAB and every odd space become a space;
    control, zero-width, bidirectional and other invisible characters and lone surrogates go; marks stacked
    higher than `MAX_STACKED_MARKS` are cut; the result is NFC and stripped at both ends.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _PLAIN.fullmatch(text):
        return text.strip()
    if not _ODD.isdisjoint(text):
        text = _STRAY_JOINER.sub("", _STRAY_SELECTOR.sub("", text.translate(_CLEAN_TABLE)))
    return _MARKS_SUSPECTED.sub(_cap_marks, unicodedata.normalize("NFC", text)).strip()


def _cap_marks(match: re.Match[str]) -> str:
    kept, height = [], 0
    for char in match.group():
        height = height + 1 if unicodedata.category(char).startswith("M") else 0
        if height <= MAX_STACKED_MARKS:
            kept.append(char)
    return "".join(kept)


_LATIN_MARKS = re.compile("[\u0300-\u036f]+")
# Letters that no normalisation form takes apart (ƀ is in names of the Central Highlands), and the Cyrillic
# letters with which swindlers imitate a Latin name.
_UNDECOMPOSED = str.maketrans("đðłøıƀɓɗħ" + "аеорсухіј", "ddloibbdh" + "aeopcyxij")
_FINAL_Y = re.compile(r"\b(qu|[bcdfghklmnpqrstvx]{1,3})y\b")


def fold(text: str) -> str:
    """Return the key under which spellings that a person would call the same are equal.

    Case, diacritics, đ/d, tone placement (hòa, hoà), compatibility forms (full-width digits) and runs of
    white space do not count. Nor does i or y where the two are free variants, which is at the end of an open
    syllable right after its initial consonant: Mĩ/Mỹ, Lí/Lý, Quí/Quý. Elsewhere they tell words apart and
    stay: thúy/thúi, tay/tai, yên, and y alone.
    """
    text = clean(text).casefold()
    if not text.isascii():
        # Twice, because compatibility forms may hide capitals (mathematical letters) and the other way round.
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = _LATIN_MARKS.sub("", text).translate(_UNDECOMPOSED)
    if not text.isascii():
        text = "".join(char for char in text if unicodedata.category(char) not in ("Mn", "Me"))
    return _FINAL_Y.sub(r"\1i", " ".join(text.split()))


# Written as `fold` leaves them. Only abbreviations that are no Vietnamese syllable: "cap" may be cấp, "tt" a
# dozen things; "ca" counts only before a level of the administration.
_ABBREVIATIONS = {
    "antq": "an ninh to quoc",
    "antt": "an ninh trat tu",
    "bca": "bo cong an",
    "cand": "cong an nhan dan",
    "cax": "cong an xa",
    "cccd": "can cuoc",
    "cmnd": "chung minh nhan dan",
    "csgt": "canh sat giao thong",
    "cskv": "canh sat khu vuc",
    "hdnd": "hoi dong nhan dan",
    "kdc": "khu dan cu",
    "kp": "khu pho",
    "mttq": "mat tran to quoc",
    "pccc": "phong chay chua chay",
    "sdt": "so dien thoai",
    "tdp": "to dan pho",
    "tnxh": "te nan xa hoi",
    "tp": "thanh pho",
    "tthc": "thu tuc hanh chinh",
    "ttatgt": "trat tu an toan giao thong",
    "ttatxh": "trat tu an toan xa hoi",
    "tx": "thi xa",
    "ubnd": "uy ban nhan dan",
    "vks": "vien kiem sat",
    "vphc": "vi pham hanh chinh",
}
_NUMBERED = re.compile(r"\b(tdp|kp|p|q)\.? ?(\d{1,2})\b")
_NUMBERED_NAMES = {"tdp": "to dan pho", "kp": "khu pho", "p": "phuong", "q": "quan"}
_ABBREVIATION = re.compile(rf"\b({'|'.join(_ABBREVIATIONS)})\b\.?")
_POLICE_OF = re.compile(r"\bca (?=(?:xa|phuong|dac khu|huyen|quan|tinh|tp|thanh pho|thi tran)\b)")
_CITIZEN_CARD = re.compile(r"\bcan cuoc(?: cong dan)+\b")
_AREA_ZEROS = re.compile(
    r"\b((?:pho|thon|ap|ban|buon|bon|lang|xom|doi|khom|khoi|khu|to|phuong|quan) )0+(?=\d)"
)


def search_key(text: str) -> str:
    """Return `fold` of the text with everyday abbreviations written out.

    "TDP 05", "tdp5" and "Tổ dân phố 5" get one key, so do "CA xã" and "công an xã", "CCCD", "căn cước công
    dân" and "căn cước".
    """
    key = _NUMBERED.sub(lambda match: f"{_NUMBERED_NAMES[match[1]]} {match[2]}", fold(text))
    key = _POLICE_OF.sub("cong an ", key)
    key = _ABBREVIATION.sub(lambda match: _ABBREVIATIONS[match[1]], key)
    return _AREA_ZEROS.sub(r"\1", _CITIZEN_CARD.sub("can cuoc", key))


_PHONE_IN_TEXT = re.compile(r"(?<!\d)(?:\+?84|0)[ .-]?(2(?:[ .-]?\d){9}|[35789](?:[ .-]?\d){8})(?!\d)")
_PLATE_IN_TEXT = re.compile(r"\b\d\d[ .-]?(?:[a-z]\d?|[a-z]{2})[ .-]{0,3}(?:\d{3}[ .]?\d\d|\d{4})\b")
_PUNCTUATION = re.compile(r"[\W_]+")
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the distinct words of the search key, in order of appearance.

    A telephone number or a vehicle plate is one word however it was spaced: 0912.345.678 and +84 912345678
    meet, so do 49-B1 123.45 and 49B112345.
    """
    key = _PHONE_IN_TEXT.sub(lambda match: "0" + _PUNCTUATION.sub("", match[1]), search_key(text))
    key = _PLATE_IN_TEXT.sub(lambda match: _PUNCTUATION.sub("", match[0]), key)
    return list(dict.fromkeys(_WORD.findall(key)))


# Sort symbols, in ASCII order: 0 ends a syllable, 1 opens a number, 2-9 and a-y are letters, z is anything
# else. Only digits and small letters: every collation, bytewise or not, agrees about their order.
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER_RANK = dict(zip(_ALPHABET, "23456789abcdefghijklmnopqrstuvwxy", strict=True))
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_TONE_RANK = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPE_MARKS = {"\u0306", "\u0302", "\u031b"}
_SORT_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_APOSTROPHES = re.compile("['’‘ʼ`´]")


def sort_key(name: str) -> str:
    """Return an ASCII key in Vietnamese dictionary order.

    Syllable by syllable: first the letters (a ă â b c d đ e ê ... u ư v x y, with f j w z in their Latin
    places), then the tone (ngang, huyền, hỏi, ngã, sắc, nặng), so that all of "ma ..." comes before "mà ...".
    Numbers sort by value and before letters (Thôn 2, Thôn 10). Case, apostrophes, punctuation do not count.
    """
    text = _APOSTROPHES.sub("", clean(name)).casefold()
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    text = _LATIN_MARKS.sub("", text)
    return "".join(
        _number_key(token) if token[0].isdecimal() else _syllable_key(token)
        for token in _SORT_TOKEN.findall(text)
    )


def _number_key(digits: str) -> str:
    value = "".join(str(unicodedata.decimal(char)) for char in digits).lstrip("0")
    return f"1{_BASE36[min(len(value), 35)]}{value}"


def _syllable_key(letters: str) -> str:
    key, tone = [], "0"
    for char in letters:
        base, *marks = unicodedata.normalize("NFD", char)
        shape = "".join(mark for mark in marks if mark in _SHAPE_MARKS)
        letter = unicodedata.normalize("NFC", base + shape)
        key.append(_LETTER_RANK.get(letter) or _LETTER_RANK.get(base) or f"z{ord(base):06x}")
        if tone == "0":
            tone = next((_TONE_RANK[mark] for mark in marks if mark in _TONE_RANK), "0")
    return "".join(key) + "0" + tone


def person_sort_key(full_name: str) -> str:
    """Sort key of a person: given name (the last word), then family name, then the middle."""
    first, *rest = clean(full_name).split() or [""]
    family, middle, given = (first, rest[:-1], rest[-1]) if rest else ("", [], first)
    return "0".join(sort_key(part) for part in (given, family, " ".join(middle)))


_INITIAL = re.compile(r"(ngh|gh|gi(?=[^\W\d_])|kh|ng|nh|ph|th|tr|ch|qu|[^\W\d_])", re.IGNORECASE)
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")


def mask_name(full_name: str) -> str:
    """Return a name for public eyes: the given name shrinks to its first consonants, Nguyễn Văn Th.

    A name of one word is all given name: "Hoa" becomes "H."; a masked name stays as it is. The initial keeps
    no tone, which would narrow the guess.
    """
    parts = clean(full_name).split()
    while parts and not _INITIAL.search(parts[-1]):
        parts.pop()
    if not parts:
        return ""
    initial = unicodedata.normalize("NFD", _INITIAL.search(parts[-1]).group())
    parts[-1] = unicodedata.normalize("NFC", _TONES.sub("", initial)) + "."
    return " ".join(parts)


def whole_number(text: str, *, digits: int = 18) -> int | None:
    """The number an address or a form names; None for what is none, or longer than a column takes."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None
