"""The network in the API: the same links, measures and visibility as the pages."""

import datetime as dt
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from contacts.models import Organization, Practice, Provider
from reports import actions, networking
from reports.api.serializers import IN_THE_WORKS, in_the_works
from reports.intervals import Estimate
from reports.neighbors import neighborhood
from reports.networking import LEVELS, PRACTICES
from reports.periods import Window
from reports.presenters.network import concentration
from reports.queries.freshness import freshness
from reports.queries.links import KINDS, ORGANIZATION, PRACTICE, PROVIDER, ego_links, key_of
from reports.queries.nodes import NodeWords, node_words
from territories.models import Territory
from territories.scope import scope_of

MOST, USUAL = 1000, 200
_MODELS: dict[str, type[Any]] = {PROVIDER: Provider, PRACTICE: Practice, ORGANIZATION: Organization}


class NetworkQuerySerializer(serializers.Serializer):
    """Which days (`end` is exclusive), cut how. With `of` ("practice:12") one node and its neighbors, else the whole field."""

    start = serializers.DateField()
    end = serializers.DateField()
    of = serializers.RegexField(rf"^({'|'.join(KINDS)}):\d{{1,18}}$", required=False, default="")
    level = serializers.ChoiceField(choices=list(LEVELS), required=False, default=PRACTICES)
    territory = serializers.IntegerField(required=False)
    service_line = serializers.IntegerField(required=False)
    payer = serializers.IntegerField(required=False)
    limit = serializers.IntegerField(required=False, default=USUAL, min_value=1, max_value=MOST)

    def validate(self, attrs: dict) -> dict:
        if attrs["start"] >= attrs["end"]:
            raise serializers.ValidationError({"end": "The end must be later than the start: the start is in, the end is not."})
        return attrs


class TrendSerializer(serializers.Serializer):
    """The last three months of the window over the rate of up to twelve before, with its 95 % interval; null bounds are open."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class NodeSerializer(serializers.Serializer):
    """A node and its measures. `community` counts from 0, the largest. `concentration` is null where not all that it sends is seen."""

    id = serializers.CharField()
    name = serializers.CharField()
    alignment = serializers.CharField()
    sent = serializers.IntegerField()
    received = serializers.IntegerField()
    destinations = serializers.IntegerField()
    referrers = serializers.IntegerField()
    reciprocity = serializers.FloatField(allow_null=True)
    concentration = serializers.FloatField(allow_null=True)
    betweenness = serializers.FloatField(allow_null=True)
    community = serializers.IntegerField(allow_null=True)
    months_active = serializers.IntegerField()
    trend = TrendSerializer(allow_null=True)


class LinkSerializer(serializers.Serializer):
    """Referrals from one node (`sender`) to another. Around one node, months and trend are those of both directions together."""

    sender = serializers.CharField()
    receiver = serializers.CharField()
    referrals = serializers.IntegerField()
    months_active = serializers.IntegerField()
    trend = TrendSerializer(allow_null=True)


class NetworkSerializer(serializers.Serializer):
    """The strongest nodes, and the strongest links among them; `total_nodes` and `total_links` count what there is.

    `elsewhere`: referrals to the node from outside the person's field. `unnamed`: referrals that name no practice or no organization.
    """

    start = serializers.DateField()
    end = serializers.DateField()
    data_through = serializers.DateField(allow_null=True)
    total_nodes = serializers.IntegerField()
    total_links = serializers.IntegerField()
    unnamed = serializers.IntegerField()
    elsewhere = serializers.IntegerField()
    nodes = NodeSerializer(many=True)
    links = LinkSerializer(many=True)


class NetworkViewSet(GenericViewSet):
    """Who sends to whom: the network of what the person sees, or one of its nodes among its neighbors."""

    required_permissions = (Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
    serializer_class = NetworkSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(parameters=[NetworkQuerySerializer], responses={200: NetworkSerializer, 202: IN_THE_WORKS})
    def list(self, request: Request) -> Response:
        """The network, measured at once, or by a worker where that takes long: then 202 with the run, whose `tables` will tell it."""
        checked = NetworkQuerySerializer(data=request.query_params)
        checked.is_valid(raise_exception=True)
        asked = dict(checked.validated_data)
        through = freshness().data_through
        head = {"start": asked["start"], "end": asked["end"], "data_through": through}
        where = {name: asked[name] for name in ("territory", "service_line", "payer") if name in asked}
        if "territory" in where and not Territory.objects.visible_to(request.user).filter(pk=where["territory"]).exists():
            raise Http404
        window = Window(asked["start"], asked["end"])
        if not asked["of"] and networking.is_large(window=window, where=where, scope=scope_of(request.user)):
            run = actions.ask_for_network(window=window, chosen=where, level=asked["level"], by=request.user)
            return in_the_works(run, self.get_serializer_context())
        body = self._one(request, asked, where) if asked["of"] else self._whole(request, asked, where)
        return Response(NetworkSerializer({**head, **body}).data)

    def _whole(self, request: Request, asked: dict[str, Any], where: dict[str, Any]) -> dict[str, Any]:
        window = Window(asked["start"], asked["end"])
        found = networking.whole(window=window, where=where, scope=scope_of(request.user), level=asked["level"])
        nodes = found.nodes[: asked["limit"]]
        shown = {node.key for node in nodes}
        ties = [tie for tie in found.ties if tie.source in shown and tie.target in shown][: 5 * asked["limit"]]
        words = _words(request, [str(node.key) for node in nodes], window)
        return {
            "total_nodes": len(found.nodes),
            "total_links": len(found.ties),
            "unnamed": found.unnamed,
            "elsewhere": 0,
            "nodes": [
                {
                    **_named(str(node.key), words),
                    **{
                        name: getattr(node, name)
                        for name in ("sent", "received", "destinations", "referrers", "reciprocity", "betweenness")
                    },
                    "concentration": concentration(node, found),
                    "community": node.community,
                    "months_active": node.months,
                    "trend": _trend(node.trend),
                }
                for node in nodes
            ],
            "links": [
                {"sender": tie.source, "receiver": tie.target, "referrals": tie.n, "months_active": tie.months, "trend": _trend(tie.trend)}
                for tie in ties
            ],
        }

    def _one(self, request: Request, asked: dict[str, Any], where: dict[str, Any]) -> dict[str, Any]:
        kind, _, pk = asked["of"].partition(":")
        get_object_or_404(_MODELS[kind].objects.visible_to(request.user), pk=int(pk))
        window = Window(asked["start"], asked["end"])
        links = ego_links(kind=kind, pk=int(pk), window=window, where=where, scope=scope_of(request.user))
        found = neighborhood(key_of(kind, int(pk)), links.links, window)
        partners = found.partners[: asked["limit"]]
        words = _words(request, [found.center, *(partner.key for partner in partners)], window)
        unknown: dict[str, Any] = {"reciprocity": None, "concentration": None, "betweenness": None, "community": None}
        center = {
            **_named(found.center, words),
            **unknown,
            "sent": found.sent,
            "received": found.received,
            "destinations": len(found.destinations),
            "referrers": len(found.referrers),
            "reciprocity": found.reciprocity,
            "concentration": None if found.is_one_sided else found.concentration,
            "months_active": found.months,
            "trend": _trend(found.trend),
        }
        others = [
            {
                **_named(partner.key, words),
                **unknown,
                "sent": partner.received,
                "received": partner.sent,
                "destinations": int(partner.received > 0),
                "referrers": int(partner.sent > 0),
                "months_active": partner.months,
                "trend": _trend(partner.trend),
            }
            for partner in partners
        ]
        ties = [(found.center, partner.key, partner.sent, partner) for partner in partners if partner.sent]
        ties += [(partner.key, found.center, partner.received, partner) for partner in partners if partner.received]
        return {
            "total_nodes": len(found.partners) + 1,
            "total_links": len(found.destinations) + len(found.referrers),
            "unnamed": links.unnamed,
            "elsewhere": links.elsewhere,
            "nodes": [center, *others],
            "links": [
                {"sender": source, "receiver": target, "referrals": n, "months_active": partner.months, "trend": _trend(partner.trend)}
                for source, target, n, partner in ties
            ],
        }


def _words(request: Request, keys: list[str], window: Window) -> dict[str, NodeWords]:
    return node_words(keys, user=request.user, day=window.end - dt.timedelta(days=1))


def _named(key: str, words: dict[str, NodeWords]) -> dict[str, str]:
    return {"id": key, "name": words[key].name, "alignment": words[key].alignment}


def _trend(estimate: Estimate | None) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    return {name: None if (part := getattr(estimate, name)) == float("inf") else part for name in ("value", "low", "high")}
