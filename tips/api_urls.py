"""Addresses of the API."""

from django.urls import path

from tips import api

app_name = "tips-api"
urlpatterns = [
    path("tips/", api.TipList.as_view(), name="list"),
    path("tips/follow/", api.Follow.as_view(), name="follow"),
    path("tips/follow/messages/", api.FollowMessages.as_view(), name="follow-messages"),
    path("tips/<str:public_id>/", api.TipDetail.as_view(), name="detail"),
    path("tips/<str:public_id>/evidence/<str:evidence_id>/", api.EvidenceFile.as_view(), name="evidence"),
    path("tips/<str:public_id>/accept/", api.Accept.as_view(), name="accept"),
    path("tips/<str:public_id>/assign/", api.Assign.as_view(), name="assign"),
    path("tips/<str:public_id>/reply/", api.Reply.as_view(), name="reply"),
    path("tips/<str:public_id>/note/", api.Note.as_view(), name="note"),
    path("tips/<str:public_id>/transfer/", api.Transfer.as_view(), name="transfer"),
    path("tips/<str:public_id>/return/", api.Return.as_view(), name="return"),
    path("tips/<str:public_id>/refer/", api.Refer.as_view(), name="refer"),
    path("tips/<str:public_id>/merge/", api.Merge.as_view(), name="merge"),
    path("tips/<str:public_id>/unmerge/", api.Unmerge.as_view(), name="unmerge"),
    path("tips/<str:public_id>/extend/", api.Extend.as_view(), name="extend"),
    path("tips/<str:public_id>/close/", api.Close.as_view(), name="close"),
    path("tips/<str:public_id>/reopen/", api.Reopen.as_view(), name="reopen"),
    path("tips/<str:public_id>/reveal/", api.Reveal.as_view(), name="reveal"),
]
