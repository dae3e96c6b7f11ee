"""People: their names in every language, biographies and portraits."""

from django.contrib import admin

from apps.catalog.models import Person

from .vocabulary import SharedAdmin, SharedForm


class PersonForm(SharedForm):
    texts = "texts"
    text_fields = ("name", "biography")


@admin.register(Person)
class PersonAdmin(SharedAdmin):
    form = PersonForm
    own = ("name", "slug", "born_on", "died_on")
    list_display = ("name", "born_on", "died_on", "slug")
    search_fields = ("name", "slug", "texts__name")
