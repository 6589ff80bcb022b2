"""Market data and targets in the API: HTTP only; the same visibility and the same numbers as the pages."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from reports import targeting
from reports.api.market_serializers import MarketQuerySerializer, MarketSerializer, TargetQuerySerializer, TargetsSerializer
from reports.intervals import TOO_FEW, wilson
from reports.models import ReportRules
from reports.presenters.market import kind_of
from reports.queries.cuts import branch
from reports.queries.market import NOTHING, Share, market, shares
from reports.queries.names import Names, names, words_for
from territories.models import Territory
from territories.scope import scope_of

SOURCES = frozenset({"practice", "provider"})


def _territory(request: Request, asked: dict[str, Any]) -> int | None:
    """A territory that the person sees; another is not found."""
    wanted = asked.get("territory")
    if wanted is not None and not Territory.objects.visible_to(request.user).filter(pk=wanted).exists():
        raise Http404
    return wanted


class MarketViewSet(GenericViewSet):
    """Share of care over what the person sees: to us, in all, share and interval, unrounded."""

    required_permissions = (Permission.DASHBOARD_VIEW,)
    serializer_class = MarketSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(parameters=[MarketQuerySerializer], responses=MarketSerializer)
    def list(self, request: Request) -> Response:
        query = MarketQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        by = asked["by"]
        if by in SOURCES and not request.user.can(Permission.PROVIDER_VIEW):
            raise PermissionDenied("Your role sees totals, not practices and providers.")
        territory = _territory(request, asked)
        if (source := market(asked.get("vendor"))) is None:
            return Response({"vendor": None, "through": None, "start": None, "end": None, "remark": NOTHING, "rows": []})
        window = source.window(asked["months"])
        where = {
            name: value for name, value in (("territory", territory), ("service_line", asked.get("service_line"))) if value is not None
        }
        found = shares(source, by=[by], start=window.start, end=window.end, where=where, scope=scope_of(request.user))
        words = words_for(by, {share.key[0] for share in found}, names())
        told = {"vendor": source.vendor, "through": source.through_on, "start": window.start, "end": window.end, "remark": ""}
        rules = ReportRules.current()
        return Response(MarketSerializer({**told, "rows": [_row(share, by, words, rules) for share in found]}).data)


def _row(share: Share, by: str, words: dict[Any, str], rules: ReportRules) -> dict[str, Any]:
    key = share.key[0]
    low, high = wilson(share.to_us, share.total) if share.total else (None, None)
    return {
        "id": None if key is None else str(key),
        "name": words.get(key, ""),
        "to_us": share.to_us,
        "total": share.total,
        "share": share.to_us / share.total if share.total >= TOO_FEW else None,
        "low": low,
        "high": high,
        "standing": kind_of(share, rules) if by in SOURCES and key is not None else None,
    }


class TargetViewSet(GenericViewSet):
    """Whom to visit and why, most valuable first, with every part of the value."""

    required_permissions = (Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
    serializer_class = TargetsSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(parameters=[TargetQuerySerializer], responses=TargetsSerializer)
    def list(self, request: Request) -> Response:
        query = TargetQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        territory = _territory(request, asked)
        if (source := market(asked.get("vendor"))) is None:
            return Response({"vendor": None, "through": None, "remark": NOTHING, "rows": []})
        known: Names = names()
        found = targeting.find(
            source,
            scope=scope_of(request.user),
            known=known,
            territories=branch(territory, known.parents) if territory is not None else None,
            service_line=asked.get("service_line"),
            whose=targeting.EVERYBODY if asked["ours_too"] else targeting.NOT_OURS,
        )
        told = {"vendor": source.vendor, "through": source.through_on, "remark": "", "rows": found.listed}
        return Response(TargetsSerializer(told).data)
