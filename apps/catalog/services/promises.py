"""What the database promises, told as refusals that name the field."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from apps.core.errors import DomainError, InvalidField

# Constraint: the field it is about, the code, and what to tell people.
PROMISES = {
    "catalog_title_slug_key": ("slug", "unique", "Another title has this address."),
    "title_has_a_name": ("name", "blank", "Say what the desk calls it."),
    "series_have_no_video_of_their_own": (
        "asset", "invalid", "A series has no video of its own; its episodes have.",
    ),
    "one_text_per_title": ("texts", "unique", "There is a text in this language."),
    "one_text_per_season": ("texts", "unique", "There is a text in this language."),
    "one_text_per_episode": ("texts", "unique", "There is a text in this language."),
    "one_text_per_extra": ("texts", "unique", "There is a text in this language."),
    "one_text_per_collection": ("texts", "unique", "There is a text in this language."),
    "one_text_per_person": ("texts", "unique", "There is a text in this language."),
    "one_season_per_number": ("number", "unique", "There is a season with this number."),
    "one_episode_per_number": ("number", "unique", "There is an episode with this number."),
    "credited_once_per_title": ("credits", "unique", "The same credit is there twice."),
    "credited_once_per_episode": ("credits", "unique", "The same credit is there twice."),
    "segment_ends_after_it_starts": (
        "segments", "invalid", "A segment ends after it starts; only an ad break may be a single moment.",
    ),
    "one_thing_per_external_id": ("external_ids", "unique", "Something else has this id."),
    "one_id_per_title_and_scheme": ("external_ids", "unique", "There is an id of this scheme."),
    "one_id_per_episode_and_scheme": ("external_ids", "unique", "There is an id of this scheme."),
    "external_id_is_not_empty": ("external_ids", "blank", "An id is not empty."),
    "event_has_a_competition": ("event.competition", "blank", "Say which competition it is."),
    "a_team_plays_once": ("event.contestants", "unique", "The same team is there twice."),
    "window_ends_after_it_starts": ("ends_at", "invalid", "It has to end after it starts."),
    "window_names_its_territories": (
        "countries", "invalid", "“everywhere” goes without countries, “only” and “except” need some.",
    ),
    "window_height_makes_sense": ("max_height", "min_value", "At least 144 lines."),
    "focal_point_is_in_the_picture": ("focal_x", "invalid", "Between 0 and 1."),
    "catalog_person_slug_key": ("slug", "unique", "Another person has this address."),
    "person_has_a_name": ("name", "blank", "Give a name."),
    "nobody_dies_before_birth": ("died_on", "invalid", "Not before the birth."),
    "catalog_genre_slug_key": ("slug", "unique", "Another genre has this address."),
    "genre_has_a_name": ("name", "blank", "Give a name."),
    "one_genre_name_per_language": ("names", "unique", "There is a name in this language."),
    "catalog_tag_slug_key": ("slug", "unique", "Another tag has this address."),
    "catalog_team_slug_key": ("slug", "unique", "Another team has this address."),
    "catalog_collection_slug_key": ("slug", "unique", "Another collection has this address."),
    "collection_has_a_name": ("name", "blank", "Give a name."),
    "only_rules_have_a_rule": ("rule", "invalid", "Only a collection that is filled by rule has one."),
    "once_in_a_collection": ("titles", "unique", "The same title is there twice."),
    "once_in_a_release": ("titles", "unique", "The same title is there twice."),
    "one_title_per_former_slug": ("slug", "unique", "Another title had this address."),
    "one_person_per_former_slug": ("slug", "unique", "Another person had this address."),
    "one_collection_per_former_slug": ("slug", "unique", "Another collection had this address."),
}  # fmt: skip
GONE = "23503"


class Gone(DomainError):
    """Something that this refers to, or that refers to this, came or went in the meantime."""

    code = "conflict"
    status = 409
    detail = "Something that belongs to this was changed or deleted in the meantime. Look again."


@contextmanager
def kept() -> Iterator[None]:
    """A transaction in which every constraint is judged before it ends.

    Raises `InvalidField` for what `PROMISES` names, `Gone` where a reference leads nowhere.
    """
    try:
        with transaction.atomic():
            yield
            connection.check_constraints()
    except IntegrityError as error:
        raise _refusal(error) from error


def _refusal(error: IntegrityError) -> Exception:
    cause = error.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if name in PROMISES:
        return InvalidField(*PROMISES[name])
    gone = isinstance(error, ProtectedError) or getattr(cause, "sqlstate", None) == GONE
    return Gone() if gone else error
