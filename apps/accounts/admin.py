"""Accounts in the newsroom: looking after people, never reading their secrets."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.core.admin import ReadOnlyAdmin

from .models import DataRequest, LockedProfile, Profile, SecurityEvent, Session, User
from .services import audit, passwords, pins, sessions

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)


def staff_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 the admin admits nobody else
    return request.user


@admin.register(Group)
class GroupAdmin(ModelAdmin):
    """Only superusers say what a group may do, or its members would let themselves do everything."""

    search_fields = ("name",)
    filter_horizontal = ("permissions",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


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
    inlines: ClassVar[Any] = (ProfileInline,)
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
        by = staff_of(request)
        count = sum(sessions.sign_out_everywhere(user, because="staff", by=by) for user in queryset)
        messages.success(request, f"{count} sessions ended.")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Shutting an account out, or giving it other rights, ends its sessions."""
        changed = set(form.changed_data) if change else set()
        if "email" in changed:
            # Nobody has shown yet that they read mail there.
            obj.email_verified_at, obj.pending_email = None, ""
        super().save_model(request, obj, form, change)
        by = staff_of(request)
        if "is_active" in changed:
            passwords.set_active(obj, active=obj.is_active, by=by)
        elif changed & {*RIGHTS, "email"}:
            sessions.sign_out_everywhere(obj, because="rights_changed", by=by)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        # That its sessions end is the receiver's work; here it is recorded who did it.
        with transaction.atomic():
            before = self.get_object(request, id)
            response = super().user_change_password(request, id, form_url)
            user = self.get_object(request, id)
            if before and user and before.password != user.password:
                audit.record(audit.Kind.PASSWORD_CHANGED, account=user.public_id, by=staff_of(request))
                if not user.has_usable_password():
                    # The receiver hears of passwords that were set, not of one that was taken away.
                    passwords.set_elsewhere(user)
                    update_session_auth_hash(request, user)
        return response

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser gives rights, or they would give themselves all of them."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if request.user.is_superuser else (*fixed, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff accounts are changed by superusers alone: their passwords open the admin."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_staff or request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Erasing has its own way, which reaches every store (`services.personal_data`)."""
        return False


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
        return f"until {until:%H:%M} UTC" if until and until > timezone.now() else "–"  # noqa: RUF001

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_profile")

    @admin.action(description="Unlock the PIN", permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Profile]) -> None:
        for profile in queryset.select_related("account"):
            pins.unlock(profile, by=staff_of(request))
        messages.success(request, "Unlocked.")


@admin.register(LockedProfile)
class LockoutAdmin(ProfileAdmin):
    list_display: Any = ("name", "account", "pin_state", "pin_failures_today", "pin_locks")
    list_filter: Any = ()

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
        messages.success(request, f"{sessions.end_by_staff(queryset, by=staff_of(request))} sessions ended.")


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
