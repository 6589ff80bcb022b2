"""Whom or what an entry is of, by the key that a listing has: "p45" a specialist, "s3-12" a site in a line, "s3-0" the whole line."""

import re
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from contacts.models import Organization, Provider
from directory.queries.listings import listings
from territories.models import ServiceLine

KEY = r"p\d{1,18}|s\d{1,18}-\d{1,18}"
Subject = dict[str, Any]  # service_line, organization, provider: as `actions.save_entry` asks for them


def people_to_keep(user: User) -> QuerySet[Provider]:
    """Those whom the person sees, and our own specialists, who stand in the directory for everybody."""
    listed = [one.provider for one in listings(user, timezone.localdate()) if one.provider]
    return Provider.objects.live().filter(pk__in=listed) | Provider.objects.visible_to(user)


def subject_of(user: User, key: str) -> Subject | None:
    """What the key names, of what the person sees."""
    if not re.fullmatch(KEY, key):
        return None
    line, _, site = key[1:].partition("-")
    if key.startswith("p"):
        provider = people_to_keep(user).filter(pk=line).first()
        return {"service_line": None, "organization": None, "provider": provider} if provider else None
    service_line = ServiceLine.objects.filter(pk=line).first()
    organization = Organization.objects.visible_to(user).filter(pk=site).first() if int(site) else None
    if service_line is None or (int(site) and organization is None):
        return None
    return {"service_line": service_line, "organization": organization, "provider": None}
