from django.urls import path, register_converter

from . import views


class Receipt:
    """An unguessable receipt: 24 random bytes in URL-safe Base64."""

    regex = "[A-Za-z0-9_-]{32}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Receipt, "receipt")

urlpatterns = [
    path("auth/register", views.RegisterView.as_view()),
    path("auth/login", views.LoginView.as_view()),
    path("auth/refresh", views.RefreshView.as_view()),
    path("auth/logout", views.LogoutView.as_view()),
    path("auth/logout-all", views.LogoutAllView.as_view()),
    path("auth/password/change", views.PasswordChangeView.as_view()),
    path("auth/password/reset", views.PasswordResetView.as_view()),
    path("auth/password/reset/confirm", views.PasswordResetConfirmView.as_view()),
    path("auth/email/verify", views.EmailVerifyView.as_view()),
    path("auth/email/resend", views.EmailResendView.as_view()),
    path("auth/sessions", views.SessionsView.as_view()),
    path("auth/sessions/<uuid:session_id>", views.SessionView.as_view()),
    path("account", views.AccountView.as_view()),
    path("account/export", views.ExportView.as_view()),
    path("account/erasures/<receipt:receipt>", views.ErasureView.as_view()),
    path("profiles", views.ProfilesView.as_view()),
    path("profiles/<uuid:profile_id>", views.ProfileView.as_view()),
    path("profiles/<uuid:profile_id>/select", views.ProfileSelectView.as_view()),
]
