"""Outside /api/: what players fetch by addresses that they were told."""

from django.urls import path

from . import play

urlpatterns = [
    path("play/<str:token>/master.m3u8", play.master),
    path("play/<str:token>/manifest.mpd", play.dash),
    path("play/<str:token>/licence", play.licence),
    path("play/<str:token>/keys/<uuid:kid>", play.key),
    path("vod/<str:token>/<uuid:asset>/<path:address>", play.vod),
]
