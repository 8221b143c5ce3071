"""First guess of a tip's priority: a base for each category, raised by what the text says.

The machine only raises; people may lower. A phrase is compared with its diacritics, because without them "lừa
đảo" would be read as a knife (dao). Only a text without a single diacritic is compared with phrases that have
none, and of those only long ones that cannot mean something else.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.text import fold
from tips.enums import Category, Priority

BASE: Mapping[str, Priority] = {
    Category.MA_TUY: Priority.P2,
    Category.TROM_CUOP: Priority.P2,
    Category.LUA_DAO: Priority.P2,
    Category.CO_BAC: Priority.P3,
    Category.TIN_DUNG_DEN: Priority.P2,
    Category.GAY_ROI: Priority.P3,
    Category.BAO_LUC_GD: Priority.P2,
    Category.TRE_EM: Priority.P0,
    Category.VU_KHI_PHAO: Priority.P1,
    Category.CHAY_NO: Priority.P2,
    Category.GIAO_THONG: Priority.P3,
    Category.MOI_TRUONG: Priority.P3,
    Category.KHOANG_SAN: Priority.P2,
    Category.CU_TRU: Priority.P3,
    Category.MUA_BAN_NGUOI: Priority.P1,
    Category.AN_NINH_MANG: Priority.P3,
    Category.TRUY_NA_TIN: Priority.P0,
    Category.MAT_TICH: Priority.P1,
    Category.TAI_SAN: Priority.P3,
    Category.CAN_BO: Priority.P3,
    Category.TTHC: Priority.P4,
    Category.KHAC: Priority.P3,
}
JUST_TRANSFERRED = timedelta(hours=24)


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)")


@dataclass(frozen=True)
class Raise:
    """A text with one of the phrases is at least ``to``. No categories means all."""

    to: Priority
    accented: re.Pattern[str]
    plain: re.Pattern[str]
    categories: Sequence[str] = ()


_MURMURS = "rất|lo|sợ|hoang mang|nghi|nghi ngờ|cần|mong|muốn|nhờ|làm đơn|không biết|bối rối"
_HAPPENING = rf"đang(?! (?:{_MURMURS})(?!\w))"
_HAPPENING_PLAIN = "(?:dang|hien|van dang) (?:cat|pha|cay|be|trom|cuop|dap|danh|dam|chem|la|keu|o trong)"
_CHILD = "trẻ em|em bé|cháu bé|đứa bé|bé gái|bé trai|trẻ con|con nít|đứa trẻ|trẻ nhỏ|cháu nhỏ"
# "Dễ gây tai nạn" is a worry, not an accident.
_ACCIDENT = re.compile(
    r"(?<!gây )(?<!nguy cơ )(?<!sợ )(?<!tránh )(?<!suýt )(?<!hay )(?<!dễ )(?<!phòng )"
    r"(?<!\w)tai nạn(?!\w)"
)
_PAYING = r"(?<!\w)(?:chuyển|nạp|gửi tiền|mất|bị trừ)(?!\w)"
_TODAY = r"(?<!\w)(?:sáng|trưa|chiều|tối|hôm|khi|lúc|ban|hồi) (?:nay|nãy)(?!\w)"
_JUST_PAID = re.compile(
    rf"(?<!\w)(?:vừa|mới) (?:\w+ ){{0,3}}{_PAYING}"
    rf"|{_PAYING}.{{0,60}}{_TODAY}"
    rf"|{_TODAY}.{{0,60}}{_PAYING}"
    rf"|{_PAYING}.{{0,60}}(?<!\w)cách đây \S+ (?:phút|tiếng|giờ)(?!\w)",
    re.DOTALL,
)

# Questions and things lost or found speak of knives, guns and fires that threaten nobody.
_REPORTS = tuple(category for category in Category if category not in (Category.TTHC, Category.TAI_SAN))

RAISES = (
    Raise(
        Priority.P0,
        _any_of(
            *("kêu cứu", "cứu với", "cứu tôi", "tự tử", "tự sát", "bắt cóc", "đang cháy", "bốc cháy"),
            *("(?:cầm|rút|dí|nổ) súng", "(?:cầm|rút|vung|dí|kề) dao(?! động)", "đâm chém", "bị đâm"),
            *("bị chém", "đuổi chém", "chém nhau", "đâm nhau", "bất tỉnh", "giết người"),
        ),
        _any_of(
            *("keu cuu", "cuu voi", "cam dao", "rut dao", "cam sung", "no sung", "dam chem", "chem nhau"),
            *("duoi chem", "bat coc", "boc chay", "giet nguoi"),
        ),
    ),
    Raise(
        Priority.P0,
        _any_of(
            *("cháy nhà", "cháy lớn", "cháy to", "(?:có|mang) súng", "mã tấu", "phóng lợn", "dao phay"),
            *("dao bầu", "(?:có|mang|bằng|con|vác) dao(?! động)"),
        ),
        _any_of("ma tau", "chay nha", "chay lon"),
        _REPORTS,
    ),
    Raise(
        Priority.P0,
        _any_of(_HAPPENING, "ngay lúc này", "bây giờ vẫn"),
        _any_of(_HAPPENING_PLAIN),
        (Category.TROM_CUOP, Category.BAO_LUC_GD),
    ),
    Raise(
        Priority.P0,
        _any_of("hung khí", "dao(?! động)", "kiếm", "súng", "tuýp sắt", "ống tuýp", "bom xăng", "mã tấu"),
        _any_of("hung khi", "cam dao", "mang dao", "co dao", "tuyp sat", "ong tuyp", "bom xang"),
        (Category.GAY_ROI,),
    ),
    Raise(
        Priority.P0,
        _any_of("bom", "mìn", "lựu đạn", "đạn pháo", "đầu đạn", "đạn cối"),
        _any_of("qua bom", "bom min", "luu dan", "dan phao", "dau dan", "dan coi"),
        (Category.VU_KHI_PHAO,),
    ),
    Raise(
        Priority.P0,
        _any_of(
            "cháy rồi", "khói mù mịt", "đang bốc khói", "rò rỉ (?:khí|ga|gas)", "xì (?:ga|gas)", "nổ bình"
        ),
        _any_of("dang chay", "chay roi", "dang boc khoi", "ro ri (?:khi|ga|gas)", "no binh ga"),
        (Category.CHAY_NO,),
    ),
    Raise(
        Priority.P0,
        _ACCIDENT,
        _any_of("vua tai nan", "bi tai nan", "co tai nan", "vu tai nan", "xay ra tai nan"),
        (Category.GIAO_THONG,),
    ),
    Raise(
        Priority.P0,
        _any_of(_CHILD, "cháu", "bé", "con gái", "con trai", "cụ", "bà cụ", "ông cụ", "mẹ già", "lú lẫn"),
        _any_of(
            "tre em", "em be", "chau be", "be gai", "be trai", "chau gai", "chau trai", "ba cu", "ong cu"
        ),
        (Category.MAT_TICH,),
    ),
    Raise(Priority.P0, _any_of(_CHILD), _any_of("tre em", "be gai", "be trai"), (Category.MUA_BAN_NGUOI,)),
    Raise(
        Priority.P1,
        _any_of(_CHILD),
        _any_of("tre em", "em be", "be gai", "be trai", "con nit"),
        (Category.BAO_LUC_GD,),
    ),
    Raise(
        Priority.P1,
        _JUST_PAID,
        _any_of(
            "(?:vua|moi) chuyen (?:tien|khoan)",
            "(?:vua|moi) nap tien",
            "chuyen (?:tien|khoan) .{0,40}(?:sang|trua|chieu|toi|hom) nay",
        ),
        (Category.LUA_DAO,),
    ),
)


def guess(*, category: str, text: str, occurred_at: datetime | None, now: datetime) -> Priority:
    """The priority a new tip starts with."""
    best = raised(BASE[category], category=category, text=text)
    if category == Category.LUA_DAO and occurred_at is not None and now - occurred_at < JUST_TRANSFERRED:
        best = min(best, Priority.P1)
    return best


def raised(base: Priority, *, category: str, text: str) -> Priority:
    """``base``, or what the words of ``text`` ask for when that is more urgent."""
    plain = _plain_text(text)
    accented = unicodedata.normalize("NFC", text).casefold()
    for rule in RAISES:
        if rule.categories and category not in rule.categories:
            continue
        found = rule.accented.search(accented) if plain is None else rule.plain.search(plain)
        if found:
            base = min(base, rule.to)
    return base


def _plain_text(text: str) -> str | None:
    """The folded text when nothing in it carries a diacritic, else None."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    if "đ" in decomposed or any(unicodedata.combining(char) for char in decomposed):
        return None
    return fold(text)
