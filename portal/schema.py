"""What the API's schema says beyond its views: the answers that every call may give."""

from typing import Any

# Status, and for whom it is meant; only calls with a body or a query can be wrong.
_ERRORS = {
    "400": "Giá trị thiếu hoặc sai.",
    "401": "Chưa đăng nhập, hoặc mã truy cập không còn dùng được.",
    "403": "Không có quyền làm việc này.",
    "404": "Không có, hoặc không được biết là có.",
    "405": "Địa chỉ này không nhận cách gọi đó.",
    "409": "Trạng thái đã khác, hoặc người khác vừa thay đổi.",
    "413": "Nội dung gửi quá lớn.",
    "415": "Loại nội dung không đọc được.",
    "429": "Quá nhiều lần; `Retry-After` cho biết phải chờ bao nhiêu giây.",
}
_ERROR_SCHEMA = {
    "type": "object",
    "description": "`detail` với một câu, hoặc mỗi trường sai một danh sách câu.",
    "properties": {"detail": {}},
    "additionalProperties": {},
}


def add_errors(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Give every operation the error answers of ``portal.api`` (a hook of drf-spectacular)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = _ERROR_SCHEMA
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path in result["paths"].values():
        for operation in path.values():
            for status, description in _ERRORS.items():
                operation["responses"].setdefault(status, {"description": description, "content": content})
    return result
