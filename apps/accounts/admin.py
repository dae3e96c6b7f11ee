"""Accounts in the newsroom: looking after people, never reading their secrets."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.core.admin import ReadOnlyAdmin

from .models import DataRequest, LockedProfile, Profile, SecurityEvent, Session, User
from .services import passwords, pins, sessions

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ModelAdmin):
    search_fields = ("name",)
    filter_horizontal = ("permissions",)


class ProfileInline(TabularInline):
    model = Profile
    fields = ("name", "language", "maturity", "kid")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    ordering = ("-created_at",)
    list_display = (
        "email",
        "country",
        "email_verified_mark",
        "is_active",
        "is_staff",
        "profile_count",
        "created_at",
    )
    list_filter = ("is_active", "is_staff", "groups", "country")
    search_fields = ("email", "public_id")
    readonly_fields = (
        "public_id",
        "email_verified_at",
        "pending_email",
        "created_at",
        "updated_at",
        "last_login",
    )
    filter_horizontal = ("groups", "user_permissions")
    actions = ("sign_out_everywhere",)
    inlines = (ProfileInline,)
    fieldsets = (
        (None, {"fields": ("email", "password", "country", "is_active")}),
        (
            "State",
            {"fields": ("public_id", "email_verified_at", "pending_email", "created_at", "last_login")},
        ),
        ("Staff", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "password1", "password2", "is_staff", "groups")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).annotate(profile_total=Count("profiles"))

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    @display(description="profiles")
    def profile_count(self, user: Any) -> int:
        return int(user.profile_total)

    @display(description="verified", boolean=True)
    def email_verified_mark(self, user: User) -> bool:
        return user.email_verified

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        count = sum(sessions.sign_out_everywhere(user, because="staff") for user in queryset)
        messages.success(request, f"{count} sessions ended.")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Shutting an account out, or giving it other rights, ends its sessions."""
        changed = set(form.changed_data) if change else set()
        super().save_model(request, obj, form, change)
        assert isinstance(request.user, User)  # noqa: S101 the admin admits nobody else
        if "is_active" in changed:
            passwords.set_active(obj, active=obj.is_active, by=request.user)
        elif changed & {"is_staff", "is_superuser", "groups", "user_permissions", "email"}:
            sessions.sign_out_everywhere(obj, because="rights_changed")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = self.get_object(request, id)
            assert isinstance(user, User) and isinstance(request.user, User)  # noqa: S101 the view found it
            passwords.changed_by_staff(user, by=request.user)
        return response


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "language", "maturity", "kid", "has_pin_mark", "pin_state")
    list_filter = ("kid", "maturity", "language")
    list_select_related = ("account",)
    search_fields = ("name", "account__email", "public_id")
    actions = ("unlock",)

    @display(description="PIN", boolean=True)
    def has_pin_mark(self, profile: Profile) -> bool:
        return profile.has_pin

    @display(description="lock")
    def pin_state(self, profile: Profile) -> str:
        if profile.pin_failures_today >= pins.TRIES_A_DAY:
            return "password needed"
        until = profile.pin_locked_until
        return f"until {until:%H:%M} UTC" if until and until > timezone.now() else "–"

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_profile")

    @admin.action(description="Unlock the PIN", permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Profile]) -> None:
        assert isinstance(request.user, User)  # noqa: S101 the admin admits nobody else
        for profile in queryset.select_related("account"):
            pins.unlock(profile, by=request.user)
        messages.success(request, "Unlocked.")


@admin.register(LockedProfile)
class LockoutAdmin(ProfileAdmin):
    list_display = ("name", "account", "pin_state", "pin_failures_today", "pin_locks")
    list_filter = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Profile]:
        locked = Q(pin_locked_until__gt=timezone.now()) | Q(pin_failures_today__gte=pins.TRIES_A_DAY)
        return super().get_queryset(request).filter(locked)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("account", "device_name", "country", "last_seen_at", "expires_at", "revoked_because")
    list_filter = ("revoked_because", "country")
    list_select_related = ("account",)
    search_fields = ("account__email", "public_id", "device_name")
    exclude = ("secret",)
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_session")

    @admin.action(description="Sign out", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        messages.success(request, f"{sessions.revoke(queryset, because='staff')} sessions ended.")


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "account", "network", "by", "facts")
    list_filter = ("kind",)
    list_select_related = ("by",)
    search_fields = ("account", "session")
    date_hierarchy = "at"


@admin.register(DataRequest)
class DataRequestAdmin(ReadOnlyAdmin):
    list_display = ("kind", "account_public_id", "state", "asked_at", "finished_at")
    list_filter = ("kind", "state")
    search_fields = ("account_public_id",)
    # A copy of somebody's data, and the key to a receipt, are not staff's to read.
    exclude = ("result", "receipt")
