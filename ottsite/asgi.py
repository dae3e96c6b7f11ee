"""The ASGI entry point, for a server that speaks only ASGI. Prefer WSGI: it is 3 to 5 times cheaper."""

import os

from django.core.asgi import get_asgi_application

from ottsite import engines

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
engines.provide(os.environ)
application = get_asgi_application()
