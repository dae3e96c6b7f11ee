"""Who has which plan: granting, extending, changing and ending, and the record of it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import display

from apps.accounts.admin import UserAdmin
from apps.billing.models import Subscription, SubscriptionChange
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.catalog.admin.inplace import go, is_inplace
from apps.catalog.admin.refusals import RefusableForm, RefusingAdmin, person, told
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError

from .deeds import DEEDS, Deed, DeedForm, note_field, plans_on_sale, possible, until_field

MAY_CHANGE = "billing.change_subscription"


class GrantForm(RefusableForm):
    until = until_field()
    note = note_field()

    class Meta:
        model = Subscription
        fields = ("account", "plan")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan: Any = self.fields.get("plan")
        if isinstance(plan, forms.ModelChoiceField):
            plan.queryset = plans_on_sale()


class ReadOnlyInline(TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ChangeInline(ReadOnlyInline):
    model = SubscriptionChange
    fields = ("at", "what", "plan", "ends_at", "who", "note")
    readonly_fields = fields
    verbose_name_plural = "On record"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubscriptionChange]:
        found: QuerySet[SubscriptionChange] = super().get_queryset(request)
        return found.select_related("by")

    @display(description="by")
    def who(self, change: SubscriptionChange) -> str:
        return change.who


class SubscriptionInline(ReadOnlyInline):
    """On the page of an account."""

    model = Subscription
    fk_name = "account"
    fields = ("plan", "state", "starts_at", "ends_at", "grace_until", "cancelled_at")
    readonly_fields = fields
    show_change_link = True


# The page is that of a lower app, which knows of no plans.
UserAdmin.inlines = (*UserAdmin.inlines, SubscriptionInline)


@admin.register(Subscription)
class SubscriptionAdmin(RefusingAdmin):
    form = GrantForm
    change_form_template = "admin/billing/subscription_change_form.html"
    list_display = ("account", "plan", "state_mark", "starts_at", "ends", "source")
    list_filter = ("state", "plan", "gateway")
    list_select_related = ("account", "plan", "granted_by")
    search_fields = ("account__email", "public_id", "reference")
    autocomplete_fields = ("account",)
    date_hierarchy = "starts_at"
    inlines = (ChangeInline,)

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.deed_view)
        return [
            path("<int:pk>/deeds/<slug:name>/", view, name="billing_subscription_deed"),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("account", "plan", "until", "note")
        return ("account", "plan", "starts_at", "ends_at", "grace_until", "cancelled_at", "ended_at",
                "granted_by", "gateway", "reference", "public_id")  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    # --- Who may ---

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By deeds alone."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_view_permission(request, obj) or request.user.has_perm(MAY_CHANGE))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A subscription ends, and stays on record."""
        return False

    # --- Granting ---

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        given = form.cleaned_data
        granted = subscribing.grant(
            given["account"], plan=given["plan"], until=given["until"],
            cause=Cause(by=person(request), note=given["note"]),
        )  # fmt: skip
        obj.pk, obj.starts_at = granted.pk, granted.starts_at

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, "Granted. It holds from now on.")
        return redirect("admin:billing_subscription_change", obj.pk)

    # --- Deeds ---

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        held = context.get("original")
        if held is not None and request.user.has_perm(MAY_CHANGE):
            context["deeds"] = [
                {"move": deed, "form": DeedForm(deed=deed, auto_id=f"id_{deed.name}_%s"),
                 "url": reverse("admin:billing_subscription_deed", args=[held.pk, deed.name])}
                for deed in possible(held)
            ]  # fmt: skip
        return super().render_change_form(request, context, *args, **kwargs)

    def deed_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        held = Subscription.objects.select_related("plan").filter(pk=pk).first()
        deed = DEEDS.get(name)
        if held is None or deed is None:
            raise Http404
        if not request.user.has_perm(MAY_CHANGE):
            raise PermissionDenied
        form = DeedForm(request.POST if request.method == "POST" else None, deed=deed)
        back = reverse("admin:billing_subscription_change", args=[pk])
        if request.method == "POST" and form.is_valid() and self._do(request, held, deed, form):
            return go(request, back)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": deed.label,
            "original": held, "move": deed, "form": form, "url": request.path, "back": back,
            "in_dialog": is_inplace(request), "is_danger": deed.danger,
        }  # fmt: skip
        template = "deed_form" if is_inplace(request) else "deed"
        return TemplateResponse(request, f"admin/catalog/{template}.html", context)

    def _do(self, request: HttpRequest, held: Subscription, deed: Deed, form: DeedForm) -> bool:
        cause = Cause(by=person(request), note=form.cleaned_data["note"])
        given = {deed.asks: form.cleaned_data[deed.asks]} if deed.asks else {}
        try:
            deed.do(held, **given, cause=cause)
        except DomainError as refusal:
            form.add_error(None, told(refusal))
            return False
        messages.success(request, f"{deed.label}: done.")
        return True

    # --- Columns ---

    @display(description="state", ordering="state")
    def state_mark(self, held: Any) -> Any:
        state = "cancelled" if held.cancelled_at and held.state == "active" else held.state
        label = LABELS.get(state, held.get_state_display())
        return format_html('<span class="nr-badge nr-badge-{}">{}</span>', BADGES[state], label)

    @display(description="until", ordering="ends_at")
    def ends(self, held: Subscription) -> str:
        end = held.grace_until if held.state == Subscription.State.IN_GRACE else held.ends_at
        return f"{end:%d %b %Y, %H:%M}" if end else "for good"

    @display(description="from")
    def source(self, held: Subscription) -> str:
        return held.gateway or (str(held.granted_by) if held.granted_by else "staff")


BADGES = {"active": "published", "in_grace": "scheduled", "cancelled": "waiting", "ended": "archived"}
LABELS = {"cancelled": "active, cancelled"}


@admin.register(SubscriptionChange)
class SubscriptionChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "what", "plan", "account", "ends_at", "who", "note")
    list_filter = ("what", "plan")
    list_select_related = ("by",)
    search_fields = ("account",)
    date_hierarchy = "at"
    fields = ("at", "what", "plan", "account", "ends_at", "who", "note")
    readonly_fields = ("who",)

    @display(description="by")
    def who(self, change: SubscriptionChange) -> str:
        return change.who
