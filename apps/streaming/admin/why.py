"""The form of "why can this account not play this?"."""

from typing import Any
from uuid import UUID

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.models import Profile

NAMED = r"^[A-Za-z0-9_-]{1,120}\Z"


def _text(label: str, hint: str = "", **options: Any) -> Any:
    return {"label": label, "help_text": hint, "widget": UnfoldAdminTextInputWidget(), **options}


class WhyForm(forms.Form):
    """`profile` offers those of the account that was named; the first where none was chosen."""

    account = forms.EmailField(**_text("Account", "Its e-mail address."), max_length=254)
    profile = forms.ModelChoiceField(
        Profile.objects.none(), required=False, empty_label="The first", widget=UnfoldAdminSelectWidget()
    )
    title = forms.RegexField(NAMED, **_text("Title", "Its address or its id.", required=False))
    episode = forms.UUIDField(**_text("Episode", "Its id, if one is meant.", required=False))
    territory = forms.RegexField(
        r"^[A-Za-z]{2}\Z", **_text("Territory", "Such as IN. Empty: unknown.", required=False)
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        mine = Profile.objects.filter(account__email__iexact=(data or {}).get("account", "").strip())
        profile: Any = self.fields["profile"]
        profile.queryset = mine.select_related("account").order_by("slot")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not given.get("title") and not given.get("episode"):
            self.add_error("title", "Name a title or an episode.")
        if given.get("account") and not given.get("profile"):
            profiles: Any = self.fields["profile"]
            given["profile"] = profiles.queryset.first()
            if given["profile"] is None:
                self.add_error("account", "There is no such account, or it has no profile yet.")
        return given

    def asked(self) -> tuple[Profile, str, UUID | None, str]:
        """Profile, title, episode and territory."""
        given = self.cleaned_data
        return given["profile"], given["title"], given["episode"], given["territory"].upper()
