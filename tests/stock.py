"""What a running site has on its shelf for tests in a browser: live titles with pictures and real films.

`fill` runs in a process of the site's own (`manage.py shell`), for its database is not the tests'.
"""

from pathlib import Path
from typing import Any

from django.core.management import call_command

from apps.accounts.maturity import Maturity
from apps.accounts.models import User
from apps.catalog.management.walks import illustrate
from apps.catalog.models import Artwork, Episode, Extra, ExtraText, Kind, Tier, Title, Window
from apps.catalog.tests.factories import AssetFactory, GenreFactory, TitleFactory
from apps.media.tests import packaged
from apps.media.tests.packaged import Packaged
from apps.streaming.tests import films, steps

# By slug: a film for everybody, one for those with a plan and above the ceiling of a child, a series of two
# episodes. Each has a trailer.
FILM, GALA, SERIES = "the-film", "the-gala", "the-series"


def fill(base: str) -> None:
    """Nine seconds of film behind each; `base`: where the film is packaged."""
    call_command("loaddata", "groups", verbosity=0)
    film, editor = packaged.film(Path(base)), User.objects.get(email="editor@demo.example")
    _live(film, editor, slug=FILM, name="The Film", maturity=Maturity.U, genre="comedy", popularity=3)
    _live(film, editor, slug=GALA, name="The Gala", maturity=Maturity.UA_13, genre="drama", popularity=2,
          tier=Tier.PREMIUM)  # fmt: skip
    _live(film, editor, slug=SERIES, name="The Series", maturity=Maturity.UA_7, genre="drama", popularity=1,
          kind=Kind.SERIES)  # fmt: skip


def _live(film: Packaged, editor: User, *, genre: str, tier: int = Tier.FREE, **fields: Any) -> None:
    title: Title = TitleFactory(complete=True, **fields)
    title.genres.set([GenreFactory(slug=genre)])
    trailer = Extra.objects.create(title=title, kind=Extra.Kind.TRAILER, asset=AssetFactory())
    ExtraText.objects.create(extra=trailer, language="en", name="The trailer")
    Window.objects.filter(title=title).update(tier=tier)
    episodes = Episode.objects.filter(season__title=title).select_related("asset")
    main = [title.asset] if title.asset else [one.asset for one in episodes]
    for asset in (*main, trailer.asset):
        films.behind(asset, film)
    # The drawn ones in the place of the factory's, which are rows without a picture.
    Artwork.objects.filter(title=title).delete()
    illustrate(title, editor)
    steps.show(title)
