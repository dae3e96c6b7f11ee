from django.urls import path

from . import views

urlpatterns = [
    path("titles", views.TitlesView.as_view()),
    path("titles/<slug:slug>", views.TitleView.as_view(), name="title"),
    path("genres", views.GenresView.as_view()),
    path("people/<slug:slug>", views.PersonView.as_view(), name="person"),
    path("collections/<slug:slug>", views.CollectionView.as_view(), name="collection"),
]
