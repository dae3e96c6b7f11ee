"""An index over genre and order, which a trigger keeps beside the listings."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION catalog_keep_genres() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM catalog_listinggenre WHERE listing_id = NEW.title_id;
    INSERT INTO catalog_listinggenre (listing_id, genre, popularity, first_published_at)
    SELECT DISTINCT NEW.title_id, genre, NEW.popularity, NEW.first_published_at FROM unnest(NEW.genres) genre;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_genres AFTER INSERT OR UPDATE OF genres, popularity, first_published_at ON catalog_listing
    FOR EACH ROW EXECUTE FUNCTION catalog_keep_genres();
INSERT INTO catalog_listinggenre (listing_id, genre, popularity, first_published_at)
    SELECT DISTINCT title_id, genre, popularity, first_published_at
    FROM catalog_listing, unnest(genres) genre;
"""
BACKWARD = """
DROP TRIGGER keep_genres ON catalog_listing;
DROP FUNCTION catalog_keep_genres();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_releases_outlive_seasons")]

    operations = [
        migrations.RemoveIndex(model_name="listing", name="listings_by_year"),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(fields=["year", "-popularity", "-title"], name="listings_by_year_popular"),
        ),
        migrations.CreateModel(
            name="ListingGenre",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("genre", models.CharField(max_length=60)),
                ("popularity", models.PositiveIntegerField()),
                ("first_published_at", models.DateTimeField()),
                (
                    "listing",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.listing",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["genre", "-popularity", "-listing"], name="genres_by_popularity"),
                    models.Index(fields=["genre", "-first_published_at", "-listing"], name="genres_by_age"),
                ],
                "constraints": [models.UniqueConstraint(fields=("listing", "genre"), name="once_in_a_genre")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
