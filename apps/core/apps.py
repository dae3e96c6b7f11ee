from django import db
from django.apps import AppConfig
from django.conf import settings
from django.core import cache
from django.core.signals import request_finished, request_started


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from . import checks

        checks.refuse_to_start()
        # Each would run with every request and finds nothing to do: a connection past its age is closed when
        # a request ends, the cache's stay open, and queries are only remembered with DEBUG.
        request_started.disconnect(db.close_old_connections)
        if not settings.DEBUG:
            request_started.disconnect(db.reset_queries)
        request_finished.disconnect(cache.close_caches)
