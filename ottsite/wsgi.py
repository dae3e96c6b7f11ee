"""The WSGI entry point: `granian --interface wsgi ottsite.wsgi:application`, or `manage.py web`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from apps.core.wsgi import KnownLength
from ottsite import engines

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
engines.provide(os.environ)
_django = get_wsgi_application()

# Its parts need Django to be set up.
from apps.streaming.hot import Heartbeats  # noqa: E402

application = KnownLength(Heartbeats(_django))

# What is loaded by now stays: looking through it for garbage takes a tenth of a second each time.
gc.collect()
gc.freeze()
