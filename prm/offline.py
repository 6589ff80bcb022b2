"""What makes PRM an app on a phone: the manifest, the service worker, and the shells of the pages that open without a network.

A shell is a page rendered for nobody: no person's data, no token. What it shows comes from the phone's own store (static/js/field-db.js).
"""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from accounts.access import open_to_strangers
from common.middleware import AWAY
from contacts.models import CustomField, CustomSubject
from visits.forms import LogForm
from visits.models import VisitMode

# name of the shell: (paths whose place it takes without a network, template). A path that ends in * stands for whatever begins so; the
# longest that fits is taken. `_shown` gives the log form its fields.
SHELLS: dict[str, tuple[tuple[str, ...], str]] = {
    "offline": (("*",), "offline.html"),
    "day": (("/", "/visits/today/", "/visits/brief/*"), "field/day.html"),
    "directory": (("/directory/",), "directory/shell.html"),
    "log": (("/visits/log/",), "field/log.html"),
    "waiting": (("/visits/waiting/",), "field/waiting.html"),
}
# what the worker itself is made of
_WORKER = ("js/field-db.js", "js/outbox.js", "js/worker.js")
_STATIC = re.compile(r'(?:src|href)="([^"#?]+)')


@dataclass(frozen=True)
class Shell:
    """What the worker keeps: `version` changes with any byte of it."""

    version: str
    pages: dict[str, str]
    files: tuple[str, ...]
    html: dict[str, str]


def shell() -> Shell:
    """The shell of this release and of the organization's own fields; made once, unless files may change under a developer's hands."""
    scripts = tuple(static(name) for name in _WORKER)
    try:
        own = tuple(str(row) for row in CustomField.objects.filter(subject=CustomSubject.VISIT).values_list())  # a change is a new shell
        own += tuple(str(row) for row in VisitMode.objects.values_list())
        now = _shell.__wrapped__(scripts, own) if settings.DEBUG else _shell(scripts, own)
    except AWAY:
        if not _last:
            raise
        return _last[0]
    _last[:] = [now]
    return now


_last: list[Shell] = []  # what this process told last: a phone that asks while the database is away gets it again


def _shown() -> dict[str, Any]:
    """A form for nobody: what it offers to choose from comes from the phone's pack."""
    form = LogForm(user=AnonymousUser())
    for name in ("topics", "visit_type", "concern_category"):
        field: Any = form.fields[name]
        field.queryset = field.queryset.none()
    return {"shell": True, "form": form}


@lru_cache(maxsize=4)
def _shell(scripts: tuple[str, ...], own_fields: tuple[str, ...]) -> Shell:
    shown = _shown()
    html: dict[str, str] = {name: str(render_to_string(template, shown)) for name, (_, template) in SHELLS.items()}
    found = {url for page in html.values() for url in _STATIC.findall(page) if url.startswith(settings.STATIC_URL)}
    files = tuple(sorted(found | {static("vendor/icons.svg")}))
    version = hashlib.sha256(json.dumps([html, files, scripts], sort_keys=True).encode()).hexdigest()[:12]
    pages = {path: reverse("shell", args=[name]) for name, (paths, _) in SHELLS.items() for path in paths}
    return Shell(version, pages, files, html)


@require_GET
@cache_control(no_cache=True)
@open_to_strangers("the service worker is code; it holds no data", same_for_all=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Served at the root so that it may answer for every page; a change of the shell changes these bytes, and so installs the new one."""
    now = shell()
    told = {"version": now.version, "pages": now.pages, "files": now.files, "static": settings.STATIC_URL}
    scripts = json.dumps([static(name) for name in _WORKER])
    code = f"self.PRM_SHELL = {json.dumps(told)};\nimportScripts(...{scripts});\n"
    return HttpResponse(code, content_type="text/javascript", headers={"Service-Worker-Allowed": "/"})


@require_GET
@cache_control(no_cache=True)
@open_to_strangers("a page without anybody's data, for the phone to keep", same_for_all=True)
def shell_page(request: HttpRequest, name: str) -> HttpResponse:
    now = shell()
    if name not in now.html:
        raise Http404
    return HttpResponse(now.html[name], headers={"PRM-Shell": now.version})


@require_GET
@cache_control(no_cache=True)
@open_to_strangers("name and icons of the app; browsers ask for it without cookies", same_for_all=True)
def manifest(request: HttpRequest) -> JsonResponse:
    """How the app calls itself once it is on a home screen."""
    icons = [
        {"src": static("vendor/app-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": static("vendor/app-512.png"), "sizes": "512x512", "type": "image/png"},
        {"src": static("vendor/app-maskable-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        {"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
    ]
    told = {
        "id": "/",
        "name": "PRM, physician relations",
        "short_name": "PRM",
        "description": "Visits to referring practices, with and without a network.",
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f6f8",
        "theme_color": "#0b5c9e",
        "icons": icons,
        "shortcuts": [
            {"name": "Log visit", "url": reverse("visits:log")},
            {"name": "Waiting visits", "url": reverse("visits:waiting")},
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json")
