"""Content keys at rest: only the ring opens them, and only for the id they belong to."""

import re
from uuid import uuid4

import pytest

from apps.media import keys
from apps.media.keys import Unreadable
from apps.media.models import ContentKey

OLD, NEW, STRANGE = (letter * 40 for letter in "ons")


def test_a_wrapped_key_comes_back() -> None:
    kid, key = keys.new_key()

    wrapped = keys.wrap(key, kid, [NEW])

    assert len(key) == 16
    assert key not in wrapped
    assert keys.unwrap(wrapped, kid, [NEW]) == key


def test_wrapping_twice_never_looks_the_same() -> None:
    kid, key = keys.new_key()

    assert keys.wrap(key, kid, [NEW]) != keys.wrap(key, kid, [NEW])


def test_a_new_secret_in_front_wraps_and_the_old_ones_still_open() -> None:
    kid, key = keys.new_key()
    before = keys.wrap(key, kid, [OLD])

    after = keys.wrap(key, kid, [NEW, OLD])

    assert keys.unwrap(before, kid, [NEW, OLD]) == key
    assert keys.unwrap(after, kid, [NEW]) == key
    with pytest.raises(Unreadable):
        keys.unwrap(after, kid, [OLD])


def test_a_wrong_secret_opens_nothing_and_the_message_tells_no_secret() -> None:
    kid, key = keys.new_key()
    wrapped = keys.wrap(key, kid, [NEW])

    for ring in ([STRANGE], [], [NEW + " "]):
        with pytest.raises(Unreadable, match=re.escape(str(kid))) as refused:
            keys.unwrap(wrapped, kid, ring)
        assert key.hex() not in str(refused.value)
        assert STRANGE not in str(refused.value)


def test_the_key_of_one_row_does_not_pass_for_that_of_another() -> None:
    kid, key = keys.new_key()
    wrapped = keys.wrap(key, kid, [NEW])

    with pytest.raises(Unreadable):
        keys.unwrap(wrapped, uuid4(), [NEW])


def test_every_changed_or_missing_byte_is_noticed() -> None:
    kid, key = keys.new_key()
    wrapped = keys.wrap(key, kid, [NEW])

    for at in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[at] ^= 1
        for broken in (bytes(changed), wrapped[:at]):
            with pytest.raises(Unreadable):
                keys.unwrap(broken, kid, [NEW])


@pytest.mark.parametrize(("height", "label"), [(144, "SD"), (576, "SD"), (577, "HD"), (1080, "HD")])
def test_pictures_of_high_definition_have_a_key_of_their_own(height: int, label: str) -> None:
    assert keys.label(height) == ContentKey.Label(label)
