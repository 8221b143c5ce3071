"""Strange words that people and programmes type, each with what must become of it.

``kept`` is what is stored of ``typed``; None means that it is refused, and ``why`` names the complaint by its
code. The Unicode and injection words stand inside a sentence, so that length is never the reason.
``json_only`` cannot be typed into a form; ``api_refuses`` marks what a form cleans and JSON may not carry.
"""

from dataclasses import dataclass
from unicodedata import normalize


@dataclass(frozen=True)
class Words:
    """One row of the corpus."""

    name: str
    typed: str
    kept: str | None
    why: str = ""
    json_only: bool = False
    api_refuses: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it stands on a page as one line."""
        return self.kept is not None and "\n" not in self.kept and len(self.kept) < 1000


def inside(name: str, typed: str, kept: str | None = None, **more: bool) -> Words:
    """The words within a sentence; unchanged unless said otherwise."""
    kept = typed if kept is None else kept
    return Words(name, f"Thấy {typed} ở bến xe cũ.", f"Thấy {kept} ở bến xe cũ.", **more)


ZALGO = "Z" + "\u0335\u0321\u031b\u0300\u0301\u0302\u0303\u0304\u0305\u0306"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
UNICODE = (
    inside("NFC", "phường"),
    inside("NFD", normalize("NFD", "phường"), "phường"),
    inside("old tone place", "hoà thuý"),
    inside("new tone place", "hòa thúy"),
    inside("Icelandic eth", "\u00d0ường \u00f0i", "Đường đi"),
    inside("African D", "\u0189ông \u0256ó", "Đông đó"),
    inside("marks on one letter", "a" + "\u0301" * 50, "á" + "\u0301" * 3),
    inside("lone mark", "\u0301 dấu"),
    inside("zero width space", "bến\u200bxe\u200cta", "bếnxeta"),
    inside("joiner in a word", "bến\u200dxe", "bếnxe"),
    inside("soft hyphen", "đua\u00adxe", "đuaxe"),
    inside("byte order mark", "đua\ufeffxe", "đuaxe"),
    inside("right-to-left override", "anh\u202egpj.exe", "anhgpj.exe"),
    inside("isolates", "\u2066đua\u2069 \u200fxe\u200e", "đua xe"),
    inside("hard space", "1\u00a0000\u202f000", "1 000 000"),
    inside("full-width digits", "\uff10\uff19\uff11\uff12"),
    inside("Arabic digits", "\u0660\u0669\u0661\u0662"),
    inside("Cyrillic letter", "\u0430nh"),
    inside("emoji", "\U0001f6a8\U0001f525"),
    inside("family", FAMILY),
    inside("flag", "\U0001f1fb\U0001f1f3"),
    inside("skin tone", "\U0001f44d\U0001f3fd"),
    inside("keycap", "1\ufe0f\u20e3"),
    inside("lone surrogate", "đua\ud800xe", "đuaxe", json_only=True, api_refuses=True),
    inside("NUL", "đua\x00xe", "đuaxe", api_refuses=True),
    inside("C0 controls", "đua\x01\x1b[31m\x07xe", "đua[31mxe"),
    inside("C1 controls", "đua\x9bxe\x90", "đuaxe"),
    inside("delete", "đua\x7fxe", "đuaxe"),
    inside("line separators", "một\u2028hai\u2029ba\x85bốn", "một\nhai\nba\nbốn"),
    inside("vertical tab, form feed", "một\x0bhai\x0cba", "một\nhai\nba"),
    inside("noncharacters", "đua\ufffe\uffff\ufdd0\U0010ffffxe", "đuaxe"),
    inside("private use", "\ue000\uf8ff"),
    inside("mathematical letters", "\U0001d400\U0001d401"),
    inside("Zalgo", ZALGO, "Z" + normalize("NFC", "\u0335\u0321\u031b")),
    inside("Turkish i", "\u0130stanbul \u0131"),
    inside("tag letters", "đua\U000e0041\U000e0042xe", "đuaxe"),
    inside("stray selector", "đua\ufe0f\ufe01xe", "đuaxe"),
    inside("Hangul filler", "đua\u3164\u115fxe", "đuaxe"),
    inside("ideographic space", "đua\u3000xe", "đua xe"),
    inside("carriage returns", "một\r\nhai\rba", "một\nhai\nba"),
    inside("ethnic names", "K'Brih, Y Thông Niê, Lò Thị Ó"),
    inside("double encoded", "phÆ°á»ng"),
)

SENTENCE = "Thấy đua xe ở bến cũ lúc nửa đêm. "
SIZES = (
    Words("empty", "", None, "required"),
    Words("spaces", " \u00a0\t ", None, "required"),
    Words("invisible", "\u200b\u2060\ufeff" * 10, None, "required"),
    Words("line breaks", "\n" * 500, None, "required"),
    Words("one character", "a", None, "short"),
    Words("nine characters", "a" * 9, None, "short"),
    Words("ten characters", "đua xe đêm", "đua xe đêm"),
    Words("padded short", "  ngắn   \n", None, "short"),
    Words("longest", "đ" * 5000, "đ" * 5000),
    Words("longest with spaces around", " " * 50 + "đ" * 5000 + "\n" * 50, "đ" * 5000),
    Words("longest decomposed", normalize("NFD", "ề") * 5000, "ề" * 5000),
    Words("one too long", "đ" * 5001, None, "long"),
    Words("megabyte", SENTENCE * 30_000, None, "long"),
    Words("one word of 100 kB", "x" * 100_000, None, "long"),
    Words("ten thousand lines", "a\n" * 10_000, None, "long"),
    Words("many lines", "a\n" * 1000 + "a", "a\n" * 1000 + "a"),
    Words("trailing spaces", SENTENCE + " " * 300, SENTENCE.strip()),
    Words("HTML-encoded", "Thấy &lt;b&gt; &amp;amp; &#x41; ở chợ", "Thấy &lt;b&gt; &amp;amp; &#x41; ở chợ"),
    Words("Markdown", "# Tin **mật** [a](javascript:alert(1))", "# Tin **mật** [a](javascript:alert(1))"),
    Words("address only", "https://vi.wikipedia.org/wiki/C", "https://vi.wikipedia.org/wiki/C"),
    Words("150 addresses", "http://a.vn/1234567890 " * 150, ("http://a.vn/1234567890 " * 150).strip()),
    Words("500 addresses", "http://a.vn/1234567890 " * 500, None, "long"),
    Words("base64", "TW90IGNoYWkgcnVvdQ==" * 100, "TW90IGNoYWkgcnVvdQ==" * 100),
    Words("JSON", '{"text": ["a", {"b": null}]}', '{"text": ["a", {"b": null}]}'),
)

_ATTACKS = {
    "quote": "' OR '1'='1",
    "stacked query": "'); DROP TABLE tips_tip;--",
    "union": '" UNION SELECT password FROM accounts_user --',
    "dollar quotes": "$$; SELECT pg_sleep(5) $$",
    "wildcards": "100%_[^a]\\%",
    "backslash": "C:\\tin\\bao\\",
    "script": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror=alert(1)>',
    "single quote attribute": "' autofocus onfocus='alert(1)",
    "SVG": "<svg/onload=alert(1)>",
    "style": "</style><style>*{display:none}",
    "title": "</title><script>alert(1)</script>",
    "JSON island": "</script><script>alert(1)//",
    "text area": "</textarea><script>alert(1)</script>",
    "comment": '<!--<img src="--><img src=x onerror=alert(1)>',
    "script address": "javascript:alert(document.cookie)",
    "data address": "data:text/html,<script>alert(1)</script>",
    "Django template": "{{ settings.SECRET_KEY }} {% debug %} {# x #}",
    "Python format": "{0.__class__} %(secret)s %s %n ${7*7} #{7*7}",
    "header": "xin\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "forged log line": 'ok\n{"level": "error", "event": "forged"}',
    "shell": "; rm -rf / $(touch /tmp/x) `id` | nc",
    "traversal": "../../../../etc/passwd %2e%2e%2f",
    "entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>&a;',
    "terminal": "\\x1b]0;pwned\\x07",
    "prototype": '{"__proto__": {"is_staff": true}}',
    "mail header": "a@b.vn%0ABcc: all@example.vn",
}


def _attack(name: str, text: str) -> Words:
    return inside(name, text, text.replace("\r\n", "\n"))


# A spreadsheet runs what begins a cell, so these begin the text.
_FORMULAS = {
    "command formula": "=cmd|' /C calc'!A0",
    "sum": "@SUM(1+1)*cmd|' /C calc'!A0",
    "plus": "+84912345678+1+1",
    "minus": "-1+1+cmd|' /C calc'!A0",
    "hyperlink": '=HYPERLINK("http://evil.vn","Bấm vào đây")',
    "full-width formula": "\uff1d1+1 rồi chạy mất",
}
INJECTIONS = (
    *(_attack(name, text) for name, text in _ATTACKS.items()),
    *(Words(name, text, text) for name, text in _FORMULAS.items()),
    Words("tab formula", "\t=1+1 rồi chạy mất", "=1+1 rồi chạy mất"),
    Words("return formula", "\r=1+1 rồi chạy mất", "=1+1 rồi chạy mất"),
)
ALL = (*UNICODE, *SIZES, *INJECTIONS)
# For doors where a sentence of any length will do.
SAID = (*UNICODE, *INJECTIONS)
