from django.urls import path

from . import views

urlpatterns = [
    path("me/continue-watching", views.ContinueWatchingView.as_view()),
    path("me/continue-watching/<uuid:title_id>", views.ContinueWatchingCardView.as_view()),
    path("me/history", views.HistoryView.as_view()),
    path("me/preferences", views.PreferencesView.as_view()),
    path("events", views.EventsView.as_view()),
]
