"""What the catalogue announces, once it is committed. sender: Title. Provides: title_id (public)."""

from django.dispatch import Signal

title_published = Signal()
title_unpublished = Signal()
