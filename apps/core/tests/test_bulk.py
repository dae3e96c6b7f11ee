import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.bulk import copy_in
from apps.core.models import IdempotentAnswer

pytestmark = pytest.mark.django_db
NOW = timezone.now()
ODD = 'tab\t newline\n "quotes" back\\slash \\N हिन्दी'


def answer(key: str, **fields: object) -> IdempotentAnswer:
    fields = {"created_at": NOW, **fields}
    return IdempotentAnswer(scope="s", route="r", key=key, body_sha256="0" * 64, **fields)


def test_rows_arrive_as_they_are() -> None:
    copy_in([answer(ODD, status=201, body={"text": ODD, "list": [1, None, 0.5]}), answer("second")])
    first, second = IdempotentAnswer.objects.order_by("pk")

    assert first.key == ODD
    assert first.body == {"text": ODD, "list": [1, None, 0.5]}
    assert (second.status, second.body) == (None, None)
    assert first.created_at == NOW


def test_rows_know_their_keys_and_that_they_are_stored() -> None:
    rows = [answer(str(number)) for number in range(3)]
    copy_in(rows)
    rows[1].status = 200
    rows[1].save()

    assert IdempotentAnswer.objects.count() == 3
    assert IdempotentAnswer.objects.get(key="1").pk == rows[1].pk
    assert IdempotentAnswer.objects.get(key="1").status == 200


def test_no_rows_are_no_work() -> None:
    copy_in([])

    assert not IdempotentAnswer.objects.exists()


def test_a_broken_promise_is_an_integrity_error_and_no_row_is_stored() -> None:
    with pytest.raises(IntegrityError, match="one_answer_per_key"), transaction.atomic():
        copy_in([answer("a"), answer("b"), answer("a")])

    assert not IdempotentAnswer.objects.exists()
