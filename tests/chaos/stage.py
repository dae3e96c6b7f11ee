"""`python -m tests.chaos.stage ACCOUNTS`: viewers of three plans and films to watch, in the stores of the
environment. Prints what there is as JSON: `viewers` (email, password, profile, account, limit) and `contents`
(title's slug and id, the episode's id or null, the id of the episode after it).
"""

import json
import os
import sys
from typing import Any

FILMS = 4
PLANS = ("free", "premium", "family")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
    import django

    django.setup()
    contents = [*(_film(f"storm-{n}") for n in range(FILMS)), *_series("storm-series")]
    viewers = [_viewer(n) for n in range(int(sys.argv[1]))]
    sys.stdout.write(json.dumps({"viewers": viewers, "contents": contents}))


def _viewer(number: int) -> dict[str, Any]:
    from apps.accounts.tests.factories import PASSWORD, ProfileFactory, UserFactory
    from apps.billing.models import Plan
    from apps.billing.services import subscribing
    from apps.billing.services.subscribing import Cause

    plan = Plan.objects.get(slug=PLANS[number % len(PLANS)])
    user = UserFactory(email=f"storm{number}@example.com")
    profile = ProfileFactory(account=user)
    if not plan.is_default:
        subscribing.grant(user, plan=plan, cause=Cause())
    return {
        "email": user.email,
        "password": PASSWORD,
        "account": str(user.public_id),
        "profile": str(profile.public_id),
        "limit": plan.streams,
    }


def _film(slug: str) -> dict[str, Any]:
    from apps.streaming.tests import steps

    title = steps.film(slug)
    return {"slug": slug, "title": str(title.public_id), "episode": None, "next": None}


def _series(slug: str) -> list[dict[str, Any]]:
    from apps.catalog.models import Episode
    from apps.streaming.tests import steps

    title = steps.series(slug)
    found = Episode.objects.filter(season__title=title).order_by("season__number", "number")
    parts = [str(one.public_id) for one in found]
    return [
        {"slug": slug, "title": str(title.public_id), "episode": part, "next": following}
        for part, following in zip(parts, [*parts[1:], None], strict=True)
    ]


if __name__ == "__main__":
    main()
