"""Those who upload, and where it goes."""

import logging
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn

from .senders import Sender, uploader


@pytest.fixture
def esha(db: None) -> User:
    return uploader(email="esha@example.com")


@pytest.fixture
def sender(esha: User, sign_in: SignIn) -> Sender:
    return Sender(sign_in(esha))


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
