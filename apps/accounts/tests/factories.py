"""People for tests. Every account's password is `PASSWORD`."""

from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from apps.accounts.models import MAX_PROFILES, Profile, User

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"viewer{n}@example.com")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))
    email_verified_at = factory.LazyFunction(timezone.now)
    country = "IN"


class ProfileFactory(factory.django.DjangoModelFactory[Profile]):
    class Meta:
        model = Profile
        skip_postgeneration_save = True

    account = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Profile {n}")
    slot = factory.LazyAttribute(lambda made: made.account.profiles.count() % MAX_PROFILES + 1)

    @factory.post_generation
    def pin(self: Any, create: bool, extracted: str | None, **_: Any) -> None:
        if extracted:
            self.pin_hash = make_password(extracted)
            self.save(update_fields=["pin_hash"])
