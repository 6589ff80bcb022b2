"""The API of events: HTTP only; the same visibility, filters and actions as the pages."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from events import actions
from events.api import serializers
from events.filters import EventFilter
from events.models import Event, Guest


class EventViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Events: planned, held, cancelled; who is asked, what they answered, who came."""

    required_permissions = (Permission.EVENT_VIEW,)
    write_permissions = (Permission.EVENT_EDIT,)
    serializer_class = serializers.EventSerializer
    filterset_class = EventFilter
    queryset = Event.objects.none()

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.visible_to(self.request.user).for_list()

    @extend_schema(request=serializers.EventFieldsSerializer, responses={201: serializers.EventSerializer})
    def create(self, request: Request) -> Response:
        """Plan an event."""
        event = actions.plan_event(by=request.user, **self._sent(serializers.EventFieldsSerializer))
        return Response(self._shown(event), status=status.HTTP_201_CREATED)

    @extend_schema(request=serializers.EventFieldsSerializer(partial=True), responses=serializers.EventSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Say it anew; what is left out stays. Guests hear of what a calendar shows."""
        event = self.get_object()
        return Response(
            self._shown(actions.change_event(event=event, by=request.user, **self._sent(serializers.EventFieldsSerializer, partial=True)))
        )

    @extend_schema(request=serializers.CancellationSerializer, responses=serializers.EventSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """It will not take place; guests are told."""
        event = self.get_object()
        return Response(self._shown(actions.cancel_event(event=event, by=request.user, **self._sent(serializers.CancellationSerializer))))

    @extend_schema(request=None, responses=serializers.EventSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str | None = None) -> Response:
        """It took place."""
        return Response(self._shown(actions.hold_event(event=self.get_object(), by=request.user)))

    @extend_schema(request=None, responses=serializers.EventSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str | None = None) -> Response:
        """Undo "held" or "cancelled"."""
        return Response(self._shown(actions.restore_event(event=self.get_object(), by=request.user)))

    @extend_schema(responses=serializers.GuestSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def guests(self, request: Request, pk: str | None = None) -> Response:
        """Who is asked and who came, as far as the person sees them."""
        return self._guests(self.get_object())

    @extend_schema(request=serializers.InviteesSerializer, responses=serializers.GuestSerializer(many=True))
    @action(detail=True, methods=["post"])
    def invite(self, request: Request, pk: str | None = None) -> Response:
        """Ask people; those with an e-mail address get a mail with a calendar entry."""
        event, sent = self.get_object(), self._sent(serializers.InviteesSerializer)
        people = [person for name in ("providers", "staff", "colleagues") for person in sent.get(name, ())]
        actions.invite(event=event, people=people, outside=[actions.Outside(**row) for row in sent.get("outside", ())], by=request.user)
        return self._guests(event)

    @extend_schema(request=serializers.GuestAnswerSerializer, responses=serializers.GuestSerializer)
    @action(detail=True, methods=["post"])
    def answers(self, request: Request, pk: str | None = None) -> Response:
        """What a guest said by word of mouth."""
        event, sent = self.get_object(), self._sent(serializers.GuestAnswerSerializer)
        guest = actions.answer_invitation(guest=self._guest(event, sent["guest"]), answer=sent["answer"], by=request.user)
        return Response(serializers.GuestSerializer(guest).data)

    @extend_schema(request=serializers.SignInSerializer, responses=serializers.GuestSerializer)
    @action(detail=True, methods=["post"], url_path="sign-in")
    def sign_in(self, request: Request, pk: str | None = None) -> Response:
        """A guest of the list is here, or not after all."""
        event, sent = self.get_object(), self._sent(serializers.SignInSerializer)
        act = actions.sign_in if sent["here"] else actions.undo_sign_in
        act(guest=self._guest(event, sent["guest"]), by=request.user)
        return Response(serializers.GuestSerializer(self._guest(event, sent["guest"])).data)

    def _guest(self, event: Event, pk: int) -> Guest:
        return get_object_or_404(event.guests.visible_to(self.request.user).for_list().select_related("event"), pk=pk)

    def _guests(self, event: Event) -> Response:
        seen = event.guests.standing().visible_to(self.request.user).for_list()
        return Response(serializers.GuestSerializer(seen, many=True).data)

    def _sent(self, shape: type[Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        sent = shape(data=self.request.data, context=self.get_serializer_context(), partial=partial)
        sent.is_valid(raise_exception=True)
        return dict(sent.validated_data)

    def _shown(self, event: Event) -> Any:
        """Read again whole, with its counts."""
        return self.get_serializer(Event.objects.for_list().get(pk=event.pk)).data


VIEWSETS: dict[str, type[GenericViewSet]] = {"events": EventViewSet}
