"""The newsroom's cast: Esha edits, Ravi reviews, Priya publishes; Omar does all three."""

import pytest

from apps.accounts.models import User

from .factories import load_groups, staff


@pytest.fixture
def groups(db: None) -> None:
    load_groups()


@pytest.fixture
def esha(groups: None) -> User:
    return staff("Editor", email="esha@example.com")


@pytest.fixture
def ravi(groups: None) -> User:
    return staff("Reviewer", email="ravi@example.com")


@pytest.fixture
def priya(groups: None) -> User:
    return staff("Publisher", email="priya@example.com")


@pytest.fixture
def omar(groups: None) -> User:
    return staff("Editor", "Reviewer", "Publisher", email="omar@example.com")
