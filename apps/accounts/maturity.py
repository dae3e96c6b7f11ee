"""Maturity ratings: the Indian classification for online content (IT Rules 2021, schedule, part II)."""

from django.db.models import IntegerChoices


class Maturity(IntegerChoices):
    """The value is the youngest age it suits, so that `rating <= ceiling` is the whole rule."""

    U = 0, "U"
    UA_7 = 7, "U/A 7+"
    UA_13 = 13, "U/A 13+"
    UA_16 = 16, "U/A 16+"
    A = 18, "A"


KID_CEILING = Maturity.UA_7
HIGHEST_KID_CEILING = Maturity.UA_13
BY_LABEL = {rating.label: rating for rating in Maturity}
