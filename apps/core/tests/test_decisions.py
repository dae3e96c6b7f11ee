"""The answer that every policy gives."""

import dataclasses

import pytest

from apps.core.decisions import ALLOWED, Decision, refused


def test_a_decision_reads_as_yes_or_no() -> None:
    assert ALLOWED
    assert not refused("plan_required", "Needs the premium plan.")


def test_a_refusal_has_a_name_and_words() -> None:
    decision = refused("plan_required", "Needs the premium plan.")

    assert decision == Decision(False, "plan_required", "Needs the premium plan.")


def test_a_decision_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ALLOWED.allowed = False  # type: ignore[misc]
