"""The WSGI entry point: `granian --interface wsgi ottsite.wsgi:application`, or `manage.py web`."""

import os

from django.core.wsgi import get_wsgi_application

from apps.core.wsgi import KnownLength
from ottsite import engines

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
engines.provide(os.environ)
application = KnownLength(get_wsgi_application())
