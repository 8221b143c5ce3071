"""Addresses of the desk, below ``/can-bo/``."""

from django.urls import path

from portal.desk.views import (
    broadcasts,
    compose,
    dead_letters,
    groups,
    posting,
    reports,
    tip_entry,
    tips,
    today,
)

app_name = "desk"
urlpatterns = [
    path("", today.today, name="today"),
    path("don-vi/", today.switch, name="switch"),
    path("bai-dang/", broadcasts.index, name="broadcasts"),
    path("bai-dang/soan/", compose.compose, name="compose"),
    path("bai-dang/doi-tuong/", compose.reach, name="compose_reach"),
    path("bai-dang/<slug:code>/", broadcasts.detail, name="broadcast"),
    path("bai-dang/<slug:code>/sua/", compose.edit, name="edit"),
    path("bai-dang/<slug:code>/anh/", broadcasts.picture, name="broadcast_picture"),
    path("bai-dang/<slug:code>/tien-do/", broadcasts.progress, name="broadcast_progress"),
    path("bai-dang/<slug:code>/<slug:name>/", broadcasts.act, name="broadcast_act"),
    path("gui-loi/", dead_letters.index, name="dead_letters"),
    path("gui-loi/xac-nhan/", dead_letters.confirm, name="dead_letters_confirm"),
    path("gui-loi/thuc-hien/", dead_letters.act, name="dead_letters_act"),
    path("luot-gui/<int:pk>/<slug:name>/", posting.settle_row, name="delivery_act"),
    path("thu-vien/", compose.library_index, name="library"),
    path("dang-bai/", posting.index, name="posting"),
    path("dang-bai/<int:pk>/", posting.one, name="posting_one"),
    path("dang-bai/<int:pk>/da-dang/", posting.posted, name="posting_posted"),
    path("dang-bai/<int:pk>/bo-qua/", posting.skip, name="posting_skip"),
    path("dang-bai/<int:pk>/anh/", posting.picture, name="posting_picture"),
    path("tin-bao/", tips.index, name="tips"),
    path("tin-bao/nhap/", tip_entry.enter, name="tip_enter"),
    path("tin-bao/<slug:public_id>/", tips.detail, name="tip"),
    path("tin-bao/<slug:public_id>/tep/<slug:evidence_id>/", tips.evidence, name="tip_evidence"),
    path("tin-bao/<slug:public_id>/<slug:name>/", tips.act, name="tip_act"),
    path("nhom/", groups.index, name="groups"),
    path("nhom/<int:pk>/", groups.detail, name="group"),
    path("nhom/<int:pk>/so-luong/", groups.count, name="group_count"),
    path("nhom/<int:pk>/ban-giao/", groups.hand_over, name="group_hand_over"),
    path("nhom/<int:pk>/lien-ket/", groups.open_link, name="group_link"),
    path("bao-cao/", reports.programme, name="report"),
]
