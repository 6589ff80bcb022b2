"""For servers that speak ASGI only. Every view is synchronous: prefer wsgi.py under gunicorn's gthread worker."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")

application = get_asgi_application()
