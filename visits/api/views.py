"""The API of visits: HTTP only; the same visibility, filters and actions as the pages."""

from rest_framework.viewsets import GenericViewSet

VIEWSETS: dict[str, type[GenericViewSet]] = {}
