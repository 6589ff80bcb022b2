"""What the architecture tests walk over: apps, URLs, syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

APPS = (
    "common",
    "audit",
    "jobs",
    "accounts",
    "bulk",
    "notices",
    "territories",
    "comments",
    "contacts",
    "concerns",
    "compliance",
    "visits",
    "events",
    "referrals",
    "introductions",
    "reports",
    "planning",
    "directory",
    "demo",
    "setup",
    "prm",
)
LEVEL = {
    "common": 0,
    "audit": 1,
    "jobs": 2,
    "accounts": 3,
    "bulk": 3.5,
    "notices": 4,
    "territories": 4,
    "comments": 5,
    "contacts": 6,
    "concerns": 7,
    "compliance": 7,
    "visits": 8,
    "events": 8,
    "referrals": 8,
    "introductions": 9,
    "reports": 10,
    "planning": 11,
    "directory": 11,
    "demo": 12,
    "setup": 13,
}
FOREIGN_NAMESPACES = ("admin",)


def url_patterns(resolver: URLResolver | None = None, path: str = "", namespaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str, Any]]:
    """(path, "namespace:name", view) of every URL."""
    resolver = resolver or get_resolver()
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from url_patterns(entry, path + str(entry.pattern), inner)
        elif isinstance(entry, URLPattern):
            yield path + str(entry.pattern), ":".join([*namespaces, entry.name or ""]), entry.callback


def modules(*apps: str) -> Iterator[tuple[str, Path, ast.Module]]:
    """(app, path, syntax tree) of every module of our own, without migrations."""
    for app in apps or APPS:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield app, path.relative_to(settings.BASE_DIR), ast.parse(path.read_text())
