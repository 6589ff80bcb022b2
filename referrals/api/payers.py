"""The API of payers: who pays, under which names; added, renamed, merged and parted by the same actions as on the page."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from contacts.api.views import Gone
from jobs.models import Job
from referrals import actions
from referrals.models import Payer
from referrals.queries.payers import PayerRow, payer_rows


class OtherNameSerializer(serializers.ModelSerializer):
    """Another name of a payer, with the id by which it is made a payer of its own again."""

    class Meta:
        model = Payer
        fields = ("id", "name")


class PayerSerializer(serializers.Serializer[Any]):
    """A payer as people read it. `referrals` is null for who does not keep the payers."""

    id = serializers.IntegerField(source="payer.pk")
    name = serializers.CharField(source="payer.name")
    names = OtherNameSerializer(many=True, help_text="other names that files give it")
    referrals = serializers.SerializerMethodField()

    def get_referrals(self, row: PayerRow) -> int | None:
        return row.referrals if self.context["request"].user.can(Permission.SETTINGS_EDIT) else None


class PayerNameSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)

    def validate_name(self, text: str) -> str:
        return " ".join(text.split())


class IntoSerializer(serializers.Serializer[Any]):
    into = serializers.PrimaryKeyRelatedField(queryset=Payer.objects.all(), help_text="the payer that stays")


class PayerJobSerializer(serializers.ModelSerializer):
    """The work that a worker has in hand; the payers tell when it is done."""

    class Meta:
        model = Job
        fields = ("id", "state")


class PayerViewSet(GenericViewSet):
    """Payers, by name. One that was merged away answers 410 and says into which."""

    required_permissions = (Permission.DASHBOARD_VIEW,)
    write_permissions = (Permission.SETTINGS_EDIT,)
    serializer_class = PayerSerializer
    queryset = Payer.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Payer]:
        return Payer.objects.all()

    def _name(self, pk: str) -> Payer:
        """A payer or a name of one."""
        found: Payer = get_object_or_404(Payer.every, pk=pk)
        return found

    def _payer(self, pk: str) -> Payer:
        found = self._name(pk)
        if found.merged_into is not None:
            raise Gone(found, found.standing)
        return found

    def _shown(self, payer: Payer) -> dict[str, Any]:
        row = next(row for row in payer_rows() if row.payer == payer)
        return dict(self.get_serializer(row).data)

    @extend_schema(responses=PayerSerializer(many=True), filters=False)
    def list(self, request: Request) -> Response:
        page: Any = self.paginate_queryset(payer_rows())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self._shown(self._payer(pk)))

    @extend_schema(request=PayerNameSerializer, responses={201: PayerSerializer})
    def create(self, request: Request) -> Response:
        """A payer that no file has named yet."""
        payer = actions.save_payer(name=self._sent(PayerNameSerializer)["name"], by=request.user)
        return Response(self._shown(payer), status=status.HTTP_201_CREATED)

    @extend_schema(request=PayerNameSerializer, responses=PayerSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Another name; the one that it had stays known, since files may go on to use it."""
        return Response(
            self._shown(actions.rename_payer(payer=self._payer(pk), name=self._sent(PayerNameSerializer)["name"], by=request.user))
        )

    @extend_schema(request=IntoSerializer, responses={202: PayerJobSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """It is the same as `into`: a worker moves referrals, margins, capacity and dates. Taken back by `part`."""
        merged, survivor = self._payer(pk), self._sent(IntoSerializer)["into"]
        job = actions.start_payer_merge(survivor=survivor, merged=merged, by=request.user)
        return Response(PayerJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={202: PayerJobSerializer})
    @action(detail=True, methods=["post"])
    def part(self, request: Request, pk: str) -> Response:
        """A name of a payer (its id stands in `names`) becomes a payer of its own again, with exactly what came with it."""
        job = actions.start_payer_parting(name=self._name(pk), by=request.user)
        return Response(PayerJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    def _sent(self, form: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        sent = form(data=self.request.data)
        sent.is_valid(raise_exception=True)
        return dict(sent.validated_data)
