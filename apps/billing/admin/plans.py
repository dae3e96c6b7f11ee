"""Plans on sale. Superusers alone change them, for a plan is what all its subscribers have."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from apps.billing.models import Plan, Subscription
from apps.billing.services import plans
from apps.catalog.admin.refusals import RefusingAdmin, told
from apps.core.errors import DomainError


@admin.register(Plan)
class PlanAdmin(RefusingAdmin):
    list_display = ("name", "tier", "max_height", "streams", "ads", "downloads", "active", "is_default",
                    "subscribers")  # fmt: skip
    list_filter = ("tier", "active")
    search_fields = ("name", "slug")
    fieldsets = (
        (None, {"fields": ("name", "slug", "active", "order")}),
        ("What it gives", {"fields": ("tier", "max_height", "streams", "ads", "downloads")}),
        ("What it costs", {"fields": ("price_minor", "currency")}),
    )
    prepopulated_fields = {"slug": ("name",)}
    actions = ("make_default",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        live = ~Q(subscriptions__state=Subscription.State.ENDED)
        found: QuerySet[Plan] = super().get_queryset(request)
        return found.annotate(live=Count("subscriptions", filter=live))

    @display(description="subscribers", ordering="live")
    def subscribers(self, plan: Any) -> int:
        return int(plan.live)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The record names plans; one that is not sold any more is switched off."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The slug is what programs and the record know a plan by."""
        return ("slug",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        plans.save(obj)

    @admin.action(description="Make it everybody's plan", permissions=["change"])
    def make_default(self, request: HttpRequest, queryset: QuerySet[Plan]) -> None:
        chosen = list(queryset)
        if len(chosen) != 1:
            messages.error(request, "Choose one.")
            return
        try:
            plans.make_default(chosen[0])
        except DomainError as refusal:
            messages.error(request, told(refusal))
        else:
            messages.success(request, f"Who has no other plan has {chosen[0]} now.")
