from django.urls import path

from . import views

urlpatterns = [
    path("sessions", views.SessionsView.as_view()),
    path("sessions/<uuid:session_id>/heartbeat", views.HeartbeatView.as_view()),
    path("sessions/<uuid:session_id>/stop", views.StopView.as_view()),
]
