"""What a generated title is like: the same for the same number, seed and moment."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from django.db.models import Model
from django.utils.text import slugify

from apps.accounts.maturity import Maturity
from apps.catalog.models import (
    Artwork,
    Contestant,
    Credit,
    Event,
    ExternalId,
    Kind,
    Role,
    Segment,
    Title,
    TitleText,
)
from apps.workflow.models import Priority
from apps.workflow.moves import State

from . import episodes, lives, names, rights, sentences
from .lives import Life
from .stock import LANGUAGES, Stock
from .words import FIRST_NAMES, PLACES, TEAMS, Pair

# One of so many is a sports event; of the others, two of nine are series.
SPORT_EVERY = 10
KINDS = {Kind.MOVIE: 7, Kind.SERIES: 2}
RATINGS = {Maturity.U: 20, Maturity.UA_7: 21, Maturity.UA_13: 31, Maturity.UA_16: 18, Maturity.A: 10}
DESCRIPTORS = {
    Maturity.U: ["none"],
    Maturity.UA_7: ["language", "violence", "substances"],
    Maturity.UA_13: ["violence", "language", "substances", "horror", "gambling"],
    Maturity.UA_16: ["violence", "language", "substances", "horror", "sex", "self_harm", "discrimination"],
    Maturity.A: ["violence", "language", "substances", "sex", "nudity", "horror", "self_harm"],
}
ADVICE = {
    "violence": Pair("Some violence.", "कुछ हिंसा।"),
    "language": Pair("Strong language.", "कड़ी भाषा।"),
    "horror": Pair("Frightening scenes.", "डरावने दृश्य।"),
}
GENRES = {
    "drama": 30, "comedy": 18, "romance": 14, "thriller": 14, "action": 14, "crime": 10, "family": 8,
    "adventure": 6, "horror": 5, "mystery": 5, "documentary": 5, "animation": 4, "fantasy": 4, "sci-fi": 4,
    "biography": 3, "history": 3, "kids": 4, "music": 3, "mythology": 3, "war": 2, "reality": 2,
    # Of events alone.
    "sports": 0,
}  # fmt: skip
GROWN_UP = {"thriller", "crime", "horror", "war"}
CREW = [(Role.DIRECTOR, 1.0), (Role.WRITER, 0.9), (Role.COMPOSER, 0.7), (Role.PRODUCER, 0.6),
        (Role.CINEMATOGRAPHER, 0.4), (Role.EDITOR, 0.3)]  # fmt: skip
OLDEST = 1950
SCHEME = ExternalId.Scheme.HOUSE


@dataclass(slots=True)
class Invented:
    """A title, what belongs to it, and how far it has come. Nothing of it is stored yet."""

    title: Title
    life: Life
    rows: list[Model] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Task:
    """What all titles of a run have in common. `unfinished` is the share that is not live."""

    seed: int
    unfinished: float
    at: datetime
    stock: Stock


def marker(number: int) -> str:
    """The house id, by which generated titles are told from others."""
    return f"generated-{number:09d}"


def invent(number: int, task: Task) -> Invented:
    """The title of that number with all that belongs to it."""
    dice = Random(f"{task.seed} {number}")  # noqa: S311 nothing secret
    is_sport = number % SPORT_EVERY == SPORT_EVERY - 1
    kind = Kind.SPORT if is_sport else dice.choices(list(KINDS), list(KINDS.values()))[0]
    life = lives.draw(dice, unfinished=task.unfinished, at=task.at)
    rating = dice.choices(list(RATINGS), list(RATINGS.values()))[0]
    descriptors = DESCRIPTORS[rating]
    title = Title(
        public_id=UUID(int=dice.getrandbits(128), version=4),
        kind=kind,
        created_at=life.begun_at,
        updated_at=life.ended_at,
        state=life.state,
        revision=1,
        original_language=dice.choices(list(LANGUAGES), list(LANGUAGES.values()))[0],
        released_on=_released_on(dice, task.at),
        maturity=rating,
        descriptors=sorted(dice.sample(descriptors, min(len(descriptors), dice.randint(1, 3)))),
        popularity=min(int(10 * dice.paretovariate(0.9)), 2_000_000),
    )
    invented = Invented(title, life)
    if life.is_being_changed:
        _plan(title, task, dice)
    if is_sport:
        _sport(invented, number, task, dice)
    else:
        _story(invented, number, task, dice)
    invented.rows += rights.windows(title, life, task.at, dice)
    invented.rows.append(ExternalId(title=title, scheme=SCHEME, value=marker(number)))
    _pictures(invented, task.stock, dice)
    return invented


def _plan(title: Title, task: Task, dice: Random) -> None:
    """Whose turn it is, until when, and how urgent it is; often nobody has said so."""
    title.priority = dice.choices(Priority.values, [1, 12, 3, 1])[0]
    if dice.random() < 0.4:
        turns = {State.IN_REVIEW: task.stock.crew.reviewer, State.APPROVED: task.stock.crew.publisher}
        title.assignee_id = turns.get(State(title.state), task.stock.crew.editor)
        title.due_on = (task.at + timedelta(days=dice.randint(-2, 14))).date()


def _released_on(dice: Random, at: datetime) -> date:
    """Most are of the last years."""
    years = min(dice.expovariate(1 / 9), at.year - OLDEST)
    return (at - timedelta(days=years * 365.25)).date()


def _name(invented: Invented, name: Pair) -> None:
    invented.title.name = name.en
    invented.title.slug = slugify(name.en)


def _texts(invented: Invented, name: Pair, synopsis: Pair, tagline: Pair, dice: Random) -> None:
    """In both languages; some lack the Hindi synopsis, and drafts now and then more."""
    title, is_draft = invented.title, not invented.life.steps
    advice = next((ADVICE[one] for one in title.descriptors if one in ADVICE), Pair("", ""))
    lacks_english, lacks_hindi = is_draft and dice.random() < 0.4, dice.random() < 0.07
    invented.rows += [
        TitleText(title=title, language="en", name=name.en, tagline=tagline.en, advice=advice.en,
                  synopsis="" if lacks_english else synopsis.en),
        TitleText(title=title, language="hi", name=name.hi, tagline=tagline.hi, advice=advice.hi,
                  synopsis="" if lacks_hindi else synopsis.hi),
    ]  # fmt: skip


def _story(invented: Invented, number: int, task: Task, dice: Random) -> None:
    """A movie or a series."""
    name = names.story(number)
    _name(invented, name)
    _texts(invented, name, sentences.synopsis(dice), sentences.tagline(dice), dice)
    _genres(invented, task.stock, dice)
    _credits(invented, task.stock, dice)
    if invented.title.kind == Kind.SERIES:
        invented.rows += episodes.seasons(invented.title, task.stock, dice)
    else:
        length = _video(invented, "movie", task.stock, dice)
        invented.rows.append(
            Segment(title=invented.title, kind="credits", start_ms=length * 24 // 25, end_ms=length)
        )
    if dice.random() < 0.25:
        invented.rows += episodes.trailer(invented.title, task.stock, dice)


def _video(invented: Invented, use: str, stock: Stock, dice: Random) -> int:
    """Give the title its main video; how long that is, in ms."""
    key, length = stock.video(dice, use, invented.title.original_language)
    invented.title.asset_id = key
    return length


def _genres(invented: Invented, stock: Stock, dice: Random) -> None:
    """One to three that go with the rating, and a few tags."""
    title = invented.title
    drawn = dice.choices(list(GENRES), list(GENRES.values()), k=dice.choice([1, 2, 2, 3]))
    young = (title.maturity or 0) <= Maturity.UA_7
    fitting = [one for one in dict.fromkeys(drawn) if one not in (GROWN_UP if young else {"kids"})]
    slugs = fitting or ["drama"]
    invented.rows += [Title.genres.through(title=title, genre_id=stock.genres[one]) for one in slugs]
    tags = dice.sample(stock.tags, dice.choice([0, 1, 1, 2, 3]))
    invented.rows += [Title.tags.through(title=title, tag_id=key) for key in tags]


def _credits(invented: Invented, stock: Stock, dice: Random) -> None:
    cast = [Role.ACTOR] * dice.randint(2, 6)
    roles = [*cast, *(role for role, share in CREW if dice.random() < share)]
    seen = set()
    for order, role in enumerate(roles):
        key = stock.person(dice)
        if (key, role) in seen:
            continue
        seen.add((key, role))
        character = dice.choice(FIRST_NAMES).en if role == Role.ACTOR else ""
        invented.rows.append(
            Credit(title=invented.title, person_id=key, role=role, character=character, order=order)
        )


def _sport(invented: Invented, number: int, task: Task, dice: Random) -> None:
    title, match = invented.title, names.match(number // SPORT_EVERY)
    home, away, place = TEAMS[match.home], TEAMS[match.away], dice.choice(PLACES)
    kick_off = datetime(match.season, 1 + number % 12, 1 + number % 28, 14, 30, tzinfo=task.at.tzinfo)
    title.released_on, title.maturity, title.descriptors = kick_off.date(), Maturity.U, ["none"]
    _name(invented, match.name)
    _texts(invented, match.name, sentences.match(home, away, place), Pair("", ""), dice)
    _video(invented, "sport", task.stock, dice)
    event = Event(
        title=title, sport=match.sport, competition=match.competition.en, season=str(match.season),
        round=f"Match {match.round}", venue=place.en, kick_off_at=kick_off,
    )  # fmt: skip
    sides = [
        Contestant(event=event, team_id=task.stock.teams[team], order=order)
        for order, team in enumerate((match.home, match.away))
    ]
    genre = Title.genres.through(title=title, genre_id=task.stock.genres["sports"])
    commentator = Credit(title=title, person_id=task.stock.person(dice), role=Role.COMMENTATOR)
    invented.rows += [event, *sides, genre, commentator]


def _pictures(invented: Invented, stock: Stock, dice: Random) -> None:
    """A poster and a backdrop; some drafts have none yet."""
    if not invented.life.steps and dice.random() < 0.3:
        return
    life = invented.life
    for drawn in stock.pictures.values():
        picture = Artwork(
            title=invented.title, public=life.published_at is not None, created_at=life.begun_at,
            updated_at=life.begun_at, **dice.choice(drawn),
        )  # fmt: skip
        invented.rows.append(picture)
