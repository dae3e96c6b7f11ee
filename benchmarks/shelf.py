"""A synthetic shelf of any size, written by SQL alone: cards of about 1.2 KB, documents of about 4 KB.

Genres are as uneven as real ones (`genre-1` is on every other title, `genre-24` on one of fifty, `rare` on
one of five thousand); half of the windows are world-wide, a tenth of the titles costs a plan, some are over.
"""

from collections.abc import Sequence

from django.db import connection

GENRES = [f"genre-{n}" for n in range(1, 25)]
LANGUAGES = ("en", "hi")

# One number a title decides all: `t` is 1 … N, hashed where something should look random.
STATEMENTS: Sequence[str] = (
    """
    INSERT INTO catalog_title (created_at, updated_at, public_id, state, revision, priority, kind, name, slug,
        original_language, maturity, descriptors, announced, popularity)
    SELECT now(), now(), gen_random_uuid(), 'published', 1, 20,
        (ARRAY['movie', 'movie', 'series', 'sport'])[1 + t %% 4], 'Title ' || t, 'bench-' || t, 'en',
        (ARRAY[0, 7, 13, 16, 18])[1 + t %% 5], ARRAY['none'], t %% 50 = 0, hashint4(t) & 1048575
    FROM generate_series(1, %(titles)s) t
    """,
    """
    INSERT INTO catalog_titleversion (public_id, title_id, number, at, note, source, columns, documents,
        checksum)
    SELECT gen_random_uuid(), id, 1, now(), '', '{}', '{}', '{}', '' FROM catalog_title
    WHERE slug LIKE 'bench-%%'
    """,
    """
    INSERT INTO catalog_listing (title_id, version_id, public_id, slug, kind, year, maturity, announced, tier,
        genres, tags, languages, people, popularity, first_published_at, offers)
    SELECT title.id, version.id, title.public_id, title.slug, title.kind, 1950 + t %% 76, title.maturity,
        title.announced, offer.tier,
        CASE WHEN t %% 5000 = 0 THEN '{rare}' ELSE ARRAY[
            'genre-' || 1 + floor(24 * power((hashint4(t + 1) & 1023) / 1024.0, 3)),
            'genre-' || 1 + floor(24 * power((hashint4(t + 2) & 1023) / 1024.0, 1.5))] END,
        '{}', CASE WHEN t %% 3 = 0 THEN '{en,hi}' ELSE '{en}' END::text[], '{}', title.popularity,
        now() - make_interval(mins => t),
        jsonb_build_object(
            'title', jsonb_build_array(offer.window), 'seasons', '{}'::jsonb, 'episodes', '{}'::jsonb)
    FROM catalog_title title
    JOIN catalog_titleversion version ON version.title_id = title.id
    CROSS JOIN LATERAL (SELECT substr(title.slug, 7)::int AS t) number
    CROSS JOIN LATERAL (
        SELECT tier, jsonb_build_object('scope', scope, 'countries', countries, 'tier', tier,
            'starts_at', '2020-01-01T00:00:00Z',
            'ends_at', CASE WHEN t %% 40 = 0 THEN '2021-01-01T00:00:00Z' END,
            'max_height', null, 'languages', jsonb_build_array()) AS window
        FROM (SELECT CASE WHEN t %% 10 = 0 THEN 10 ELSE 0 END AS tier,
            (ARRAY['everywhere', 'only', 'everywhere', 'except'])[1 + t %% 4] AS scope,
            CASE WHEN t %% 2 = 0 THEN '{}' ELSE '{IN,NP,LK}' END::text[] AS countries) AS facts
    ) offer
    WHERE title.slug LIKE 'bench-%%'
    """,
    """
    INSERT INTO catalog_listingwindow (listing_id, scope, countries, tier, starts_at, ends_at)
    SELECT title_id, offer->>'scope', ARRAY(SELECT jsonb_array_elements_text(offer->'countries')),
        (offer->>'tier')::int, (offer->>'starts_at')::timestamptz, (offer->>'ends_at')::timestamptz
    FROM catalog_listing, jsonb_array_elements(offers->'title') offer
    """,
    """
    INSERT INTO catalog_listingdocument (listing_id, language, name, card, document)
    SELECT title_id, language, 'Title ' || md5(slug), card, left(card, -1) || ', "synopsis": "' || (
            SELECT string_agg(md5(title_id || ' ' || n), ' ') FROM generate_series(1, 40) n
        ) || '", "credits": [' || (
            SELECT string_agg(format('{"name": "Person %%s", "role": "actor"}', md5(slug || n)), ', ')
            FROM generate_series(1, 22) n
        ) || ']}'
    FROM catalog_listing
    CROSS JOIN unnest(%(languages)s::text[]) AS language
    CROSS JOIN LATERAL (SELECT format(
        '{"id": "%%s", "slug": "%%s", "kind": "%%s", "name": "Title %%s", "tagline": "%%s", "year": %%s, '
        '"maturity": {"rating": %%s, "label": "U/A 13+"}, "genres": [{"slug": "%%s", "name": "%%s"}], '
        '"artwork": {"poster": [%%s], "backdrop": [%%s]}}',
        public_id, slug, kind, title_id, md5(slug), year, maturity, genres[1],
        genres[1], picture.variants, picture.variants) AS card
        FROM (SELECT string_agg(format('{"path": "artwork/%%s/%%s.avif", "width": %%s, "height": %%s}',
            md5(slug || width), width, width, width * 3 / 2), ', ') AS variants
            FROM unnest(ARRAY[320, 640, 1280, 1920]) width) AS picture
    ) AS made
    """,
    "ANALYZE",
)


def fill(titles: int) -> None:
    """Put so many titles on an empty shelf."""
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, {"titles": titles, "languages": list(LANGUAGES)})
