"""What members read about a notice, rendered from its fields in approved words.

Nobody is called guilty, nobody is asked to arrest or to follow anyone, and a person who is merely sought has
neither name nor face here. What a wanted notice says follows BLTTHS 2015, Article 231, clause 2.
"""

from django.utils.translation import gettext as _

from broadcasts.enums import NoticeEnd, PostKind
from broadcasts.models import Notice


def render(notice: Notice) -> tuple[str, str]:
    """Title and body for groups."""
    return RENDERERS[notice.kind](notice)


def wanted(notice: Notice) -> tuple[str, str]:
    """A person sought by a decision of an investigating body."""
    who = [notice.person_name.upper()]
    if notice.aliases:
        who.append(_("tên khác: %s") % notice.aliases)
    who.append(birth(notice))
    if notice.residence:
        who.append(_("nơi thường trú %s") % notice.residence)
    if notice.offence:
        who.append(_("bị khởi tố về tội %s") % notice.offence)
    sentences = [
        _("%(agency)s ra Quyết định truy nã số %(number)s ngày %(day)s đối với %(who)s.")
        % {**_decision(notice), "who": ", ".join(filter(None, who))},
        _sentence(notice.features),
        _("Ai phát hiện xin báo Công an nơi gần nhất hoặc gọi %s. Đề nghị bà con không tự ý bắt giữ.")
        % notice.phone,
        _("Không tự ý đăng thông tin về người thân của người bị truy nã."),
    ]
    return _("THÔNG BÁO TRUY NÃ"), _joined(sentences)


def suspect(notice: Notice) -> tuple[str, str]:
    """Somebody sought in a matter under inquiry: described, never named."""
    sentences = [
        _("%s đang xác minh một vụ việc và cần tìm người có đặc điểm sau:") % _office(notice),
        _sentence(notice.features),
        _("Người này chưa bị kết luận có vi phạm.") if not notice.decision_number else "",
        _("Bà con có thông tin xin báo %s. Đề nghị không tự ý bắt giữ, không chia sẻ ảnh, tên trên mạng.")
        % _phone(notice),
    ]
    return _("THÔNG BÁO TÌM NGƯỜI LIÊN QUAN VỤ VIỆC"), _joined(sentences)


def missing(notice: Notice) -> tuple[str, str]:
    """A person whose family looks for them."""
    who = ", ".join(filter(None, [notice.person_name, birth(notice), notice.residence]))
    sentences = [
        _sentence(who),
        _sentence(notice.features),
        _("Bà con gặp xin giữ người ở nơi an toàn và báo ngay %s.") % _phone(notice),
        _("Bài này sẽ được gỡ khi tìm thấy. Gia đình xin cảm ơn."),
    ]
    return _("TÌM NGƯỜI"), _joined(sentences)


def found(notice: Notice) -> tuple[str, str]:
    """Property handed in; what only its owner knows stays out (BLDS 2015, Article 230)."""
    sentences = [
        _sentence(notice.features),
        _("Ai là chủ sở hữu xin mang giấy tờ tùy thân đến trụ sở %s, mô tả đúng đặc điểm để nhận lại.")
        % _office(notice),
        _("Điện thoại: %s.") % _phone(notice),
        _(
            "Sau 01 năm từ ngày thông báo mà không có người nhận, tài sản được xử lý theo Điều 230 "
            "Bộ luật Dân sự."
        ),
    ]
    return _("THÔNG BÁO NHẶT ĐƯỢC TÀI SẢN"), _joined(sentences)


def handin(notice: Notice) -> tuple[str, str]:
    """A campaign to hand in weapons, explosives, fireworks."""
    sentences = [
        _sentence(notice.features),
        _("Người tự nguyện giao nộp được ghi nhận. Gặp bom, mìn, đạn cũ: không chạm vào, đứng xa, báo ngay."),
        _("Nơi nhận: trụ sở %(office)s. Điện thoại: %(phone)s.")
        % {"office": _office(notice), "phone": _phone(notice)},
    ]
    return _("VẬN ĐỘNG GIAO NỘP VŨ KHÍ, VẬT LIỆU NỔ, PHÁO"), _joined(sentences)


def ending(notice: Notice) -> str:
    """Why posts about a notice are taken back, as members read it."""
    return str(
        {
            NoticeEnd.ARRESTED: _("người bị truy nã đã bị bắt hoặc đã đầu thú"),
            NoticeEnd.FOUND: _("đã tìm thấy"),
            NoticeEnd.RETURNED: _("tài sản đã được trả cho chủ sở hữu"),
            NoticeEnd.WITHDRAWN: _("cơ quan có thẩm quyền đã đình nã hoặc rút thông báo")
            if notice.kind == PostKind.WANTED
            else _("thông báo đã được rút"),
            NoticeEnd.EXPIRED: _("thông báo đã hết thời hạn"),
        }[notice.ended_as]
    )


def birth(notice: Notice) -> str:
    """Birth as far as it is known; the full date only where the law asks for it."""
    if notice.birth_date and notice.kind == PostKind.WANTED:
        return _("sinh ngày %s") % f"{notice.birth_date:%d/%m/%Y}"
    year = notice.birth_date.year if notice.birth_date else notice.birth_year
    return _("sinh năm %s") % year if year else ""


RENDERERS = {
    PostKind.WANTED: wanted,
    PostKind.SUSPECT: suspect,
    PostKind.MISSING: missing,
    PostKind.FOUND: found,
    PostKind.HANDIN: handin,
}


def _decision(notice: Notice) -> dict[str, str]:
    day = f"{notice.decision_date:%d/%m/%Y}" if notice.decision_date else ""
    return {"agency": notice.agency, "number": notice.decision_number, "day": day}


def _office(notice: Notice) -> str:
    return notice.agency or notice.unit.police_name


def _phone(notice: Notice) -> str:
    return notice.phone or notice.unit.duty_phone or _office(notice)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?:" else f"{text}."


def _joined(sentences: list[str]) -> str:
    return " ".join(filter(None, sentences))
