"""The API of changing many rows at once: preview, confirmation, undo, by the same lists, acts and rules as the pages."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from accounts.saved_views import query_of
from bulk import actions, queries
from bulk.api.serializers import (
    BulkListSerializer,
    BulkRunSerializer,
    ConfirmSerializer,
    PreviewSerializer,
    SelectionSerializer,
)
from bulk.lists import PREFIX, Act, BulkList, lists
from bulk.models import BulkRun
from bulk.views import act_for
from common.exceptions import PolicyViolation

Settings = dict[str, list[str]]  # as a form sends them; `list` is a method below


def _shown(run: BulkRun) -> Any:
    return BulkRunSerializer(BulkRun.objects.with_stayed().get(pk=run.pk)).data


class ListChanged(APIException):
    """The list answers differently than at the preview."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "The list changed since the preview. Nothing was changed; look at a new preview."


class BulkViewSet(GenericViewSet):
    """Lists whose rows can be changed many at once, with what the person may do with them.

    Capabilities are those of the list and of the act; rows are those that the person sees.
    """

    required_permissions = (Permission.DASHBOARD_VIEW,)  # every role has it
    write_permissions = (Permission.DASHBOARD_VIEW,)
    serializer_class = BulkListSerializer
    queryset = BulkRun.objects.none()
    lookup_field = "name"
    lookup_value_regex = "[a-z-]+"
    pagination_class = None

    @extend_schema(responses=BulkListSerializer(many=True), filters=False)
    def list(self, request: Request) -> Response:
        rows = [{"bulk_list": one, "acts": acts} for one in lists.values() if (acts := one.acts_for(request.user))]
        return Response(BulkListSerializer(rows, many=True).data)

    @extend_schema(request=SelectionSerializer, responses=PreviewSerializer)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, name: str) -> Response:
        """What would change and what would stay, with the token that confirms it. Changes nothing."""
        sent = self._sent(SelectionSerializer)
        bulk_list, act, data, seen, _ = self._asked(name, sent)
        told = {
            "words": act.says(data),
            "changing": [
                {"id": row.pk, "name": bulk_list.words(row), "change": act.tells(row, data) or act.says(data)} for row in seen.changing
            ],
            "staying": [{"why": why, "rows": [row.pk for row in rows]} for why, rows in seen.staying.items()],
            "gone": seen.gone,
            "token": seen.fingerprint,
        }
        return Response(PreviewSerializer(told).data)

    @extend_schema(request=ConfirmSerializer, responses={201: BulkRunSerializer, 202: BulkRunSerializer, 409: None})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, name: str) -> Response:
        """Do what was previewed: 201 when it is done, 202 when a worker has it, 200 when this key was confirmed before."""
        sent = self._sent(ConfirmSerializer)
        stored = BulkRun.objects.visible_to(request.user).filter(client_key=sent["key"]).first()
        if stored is not None:
            return Response(_shown(stored))
        bulk_list, act, data, seen, settings = self._asked(name, sent)
        if seen.fingerprint != sent["token"]:
            raise ListChanged
        if not seen.changing:
            raise PolicyViolation("Nothing would change.")
        run = actions.start(
            bulk_list=bulk_list, act=act, preview=seen, settings=settings, words=act.says(data), client_key=sent["key"], by=request.user
        )  # fmt: skip
        return Response(_shown(run), status=status.HTTP_201_CREATED if run.done_at else status.HTTP_202_ACCEPTED)

    def _sent(self, form: type[SelectionSerializer]) -> dict[str, Any]:
        sent = form(data=self.request.data)
        sent.is_valid(raise_exception=True)
        return dict(sent.validated_data)

    def _asked(self, name: str, sent: dict[str, Any]) -> tuple[BulkList, Act, dict[str, Any], queries.Preview, Settings]:
        """List, act, its cleaned fields, what would happen, and the fields as a form would send them."""
        bulk_list = lists.get(name)
        act = act_for(bulk_list, self.request.user, sent["act"]) if bulk_list else None
        if bulk_list is None or act is None:
            raise Http404
        selection = queries.Selection(sorted(set(sent["rows"])), sent["all"], query_of(QueryDict(sent["query"])))
        if not selection.everything and not selection.ids:
            raise ValidationError({"rows": [f"Name the {bulk_list.many}, or send all."]})
        settings = {f"{PREFIX}-{key}": [text] for key, text in sent["settings"].items()}
        form = act.form(actions.as_typed(settings), user=self.request.user)
        if unknown := [key for key in sent["settings"] if key not in form.fields]:
            raise ValidationError({"settings": {key: ["This step asks for no such thing."] for key in unknown}})
        if not form.is_valid():
            raise ValidationError({"settings": {key: list(told) for key, told in form.errors.items()}})
        seen = queries.preview(bulk_list, act, selection=selection, settings=settings, data=form.cleaned_data, by=self.request.user)
        return bulk_list, act, form.cleaned_data, seen, settings


class BulkRunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """What one did with many rows oneself."""

    required_permissions = (Permission.DASHBOARD_VIEW,)  # every role has it
    write_permissions = (Permission.DASHBOARD_VIEW,)
    serializer_class = BulkRunSerializer
    queryset = BulkRun.objects.none()

    def get_queryset(self) -> QuerySet[BulkRun]:
        return BulkRun.objects.visible_to(self.request.user).with_stayed()

    @extend_schema(request=None, responses=BulkRunSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Each changed row goes back, unless something happened to it since."""
        return Response(_shown(actions.undo(run=self.get_object(), by=request.user)))


VIEWSETS: dict[str, type[GenericViewSet]] = {"bulk": BulkViewSet, "bulk-runs": BulkRunViewSet}
