"""What can be done to a subscription from its page: a dialog, a note, a POST."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget

from apps.billing.models import Plan, Subscription
from apps.billing.services import subscribing
from apps.billing.services.subscribing import LONGEST_NOTE, Cause


@dataclass(frozen=True, slots=True)
class Deed:
    """`asks` names the field of its form, whose value goes to the service as `given`."""

    name: str
    label: str
    help: str
    do: Callable[..., object]
    asks: str = ""
    danger: bool = False


def _keep(subscription: Subscription, *, cause: Cause) -> object:
    return subscribing.extend(subscription, until=None, cause=cause)


def _cancel(subscription: Subscription, *, cause: Cause) -> object:
    return subscribing.cancel(subscription, cause=cause)


def _end(subscription: Subscription, *, cause: Cause) -> object:
    return subscribing.cancel(subscription, at_once=True, cause=cause)


DEEDS = {
    deed.name: deed
    for deed in (
        Deed("extend", "Extend", "A later end. What was cancelled goes on as if it had not been.",
             subscribing.extend, asks="until"),
        Deed("keep", "For good", "It has no end any more, until somebody ends it.", _keep),
        Deed("change", "Another plan", "From now on, to the same end.", subscribing.change_plan, asks="plan"),
        Deed("cancel", "Cancel", "It ends with its period, without days of grace.", _cancel),
        Deed("end", "End at once", "What is being played with it stops within seconds.", _end, danger=True),
    )
}  # fmt: skip


def possible(subscription: Subscription) -> list[Deed]:
    """Those that make sense of it as it is; whether they may be is for the service to say."""
    if subscription.state == Subscription.State.ENDED:
        return []
    senseless = set()
    if subscription.ends_at is None:
        senseless = {"extend", "keep", "cancel"}
    elif subscription.cancelled_at is not None or subscription.state == Subscription.State.IN_GRACE:
        senseless = {"cancel"}
    return [deed for deed in DEEDS.values() if deed.name not in senseless]


def plans_on_sale() -> Any:
    return Plan.objects.filter(active=True, is_default=False)


def until_field(*, required: bool = False) -> forms.SplitDateTimeField:
    return forms.SplitDateTimeField(
        label="Until (UTC)", required=required, widget=UnfoldAdminSplitDateTimeWidget,
        help_text="The first moment it no longer holds; days of grace follow, unless it is cancelled."
        + ("" if required else " Empty: for good."),
    )  # fmt: skip


def note_field() -> forms.CharField:
    return forms.CharField(
        label="Why (optional)", required=False, max_length=LONGEST_NOTE,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )  # fmt: skip


class DeedForm(forms.Form):
    def __init__(self, *args: Any, deed: Deed, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if deed.asks == "until":
            self.fields["until"] = until_field(required=True)
        elif deed.asks == "plan":
            self.fields["plan"] = forms.ModelChoiceField(plans_on_sale(), widget=UnfoldAdminSelectWidget())
        self.fields["note"] = note_field()
