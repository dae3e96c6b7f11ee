"""Those who upload."""

import pytest

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn

from .senders import Sender, uploader


@pytest.fixture
def esha(db: None) -> User:
    return uploader(email="esha@example.com")


@pytest.fixture
def sender(esha: User, sign_in: SignIn) -> Sender:
    return Sender(sign_in(esha))
