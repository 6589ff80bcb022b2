"""The API of concerns: HTTP only; the same visibility, filters and actions as the pages."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from concerns import actions
from concerns.api import serializers
from concerns.filters import ConcernFilter, FieldNoteFilter
from concerns.models import Concern, FieldNote, QualityProject


class ConcernViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Concerns: what practices said, who answers by when, what was done, and whether they were told.

    A text that looks like a patient's identifier is answered with 400 and a sentence until it is sent with `is_none`.
    """

    required_permissions = (Permission.CONCERN_VIEW,)
    write_permissions = (Permission.CONCERN_EDIT,)
    serializer_class = serializers.ConcernSerializer
    filterset_class = ConcernFilter
    queryset = Concern.objects.none()

    def get_queryset(self) -> QuerySet[Concern]:
        return Concern.objects.visible_to(self.request.user).for_list().prefetch_related("comments")

    @extend_schema(request=serializers.NewConcernSerializer, responses={201: serializers.ConcernSerializer})
    def create(self, request: Request) -> Response:
        """Write down what a practice said."""
        concern = actions.open_concern(by=request.user, **self._sent(serializers.NewConcernSerializer))
        return Response(self._shown(concern), status=status.HTTP_201_CREATED)

    @extend_schema(request=serializers.SortSerializer, responses=serializers.ConcernSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Another category, severity, department, owner or day."""
        concern, sent = self.get_object(), self._sent(serializers.SortSerializer)
        names = ("category", "severity", "department", "owner", "due_on")
        wanted = {name: sent.get(name, getattr(concern, name)) for name in names}
        return Response(self._shown(actions.change_concern(concern=concern, by=request.user, **wanted)))

    @extend_schema(request=serializers.ResolutionSerializer, responses=serializers.ConcernSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str | None = None) -> Response:
        """Something was done about it; the practice is yet to be told."""
        return self._step(actions.resolve_concern, serializers.ResolutionSerializer)

    @extend_schema(request=serializers.ToldSerializer, responses=serializers.ConcernSerializer)
    @action(detail=True, methods=["post"])
    def tell(self, request: Request, pk: str | None = None) -> Response:
        """The practice knows what was done: this closes the concern."""
        return self._step(actions.tell_practice, serializers.ToldSerializer)

    @extend_schema(request=serializers.ReopeningSerializer, responses=serializers.ConcernSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str | None = None) -> Response:
        """It was not solved, or came back."""
        return self._step(actions.reopen_concern, serializers.ReopeningSerializer)

    @extend_schema(request=serializers.EscalationSerializer, responses=serializers.ConcernSerializer)
    @action(detail=True, methods=["post"])
    def escalate(self, request: Request, pk: str | None = None) -> Response:
        """Take it to somebody above, by default the lead of its department."""
        return self._step(actions.escalate_concern, serializers.EscalationSerializer)

    @extend_schema(request=serializers.NewCommentSerializer, responses=serializers.ConcernSerializer)
    @action(detail=True, methods=["post"])
    def comments(self, request: Request, pk: str | None = None) -> Response:
        """Add a comment."""
        return self._step(actions.comment_on_concern, serializers.NewCommentSerializer)

    def _sent(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        sent = shape(data=self.request.data, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        return dict(sent.validated_data)

    def _step(self, act: Any, shape: type[Serializer[Any]]) -> Response:
        concern = self.get_object()
        act(concern=concern, by=self.request.user, **self._sent(shape))
        return Response(self._shown(concern))

    def _shown(self, concern: Concern) -> Any:
        """Read again whole, with the comment that the step added."""
        return self.get_serializer(Concern.objects.for_list().prefetch_related("comments").get(pk=concern.pk)).data


class FieldNoteViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Field notes: feedback, service gaps and what competitors do, as practices tell it."""

    required_permissions = (Permission.CONCERN_VIEW,)
    write_permissions = (Permission.CONCERN_EDIT,)
    serializer_class = serializers.FieldNoteSerializer
    filterset_class = FieldNoteFilter
    queryset = FieldNote.objects.none()

    def get_queryset(self) -> QuerySet[FieldNote]:
        return FieldNote.objects.visible_to(self.request.user).for_list()

    @extend_schema(request=serializers.NewFieldNoteSerializer, responses={201: serializers.FieldNoteSerializer})
    def create(self, request: Request) -> Response:
        """Write down what was heard."""
        sent = serializers.NewFieldNoteSerializer(data=request.data, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        note = actions.add_field_note(by=request.user, **sent.validated_data)
        return Response(self.get_serializer(note).data, status=status.HTTP_201_CREATED)


class QualityProjectViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Quality projects, and what may be said of concerns before and since, counted in one's own field."""

    required_permissions = (Permission.CONCERN_VIEW,)
    serializer_class = serializers.QualityProjectSerializer
    queryset = QualityProject.objects.none()

    def get_queryset(self) -> QuerySet[QualityProject]:
        return QualityProject.objects.visible_to(self.request.user).for_list()


VIEWSETS: dict[str, type[GenericViewSet]] = {
    "concerns": ConcernViewSet,
    "field-notes": FieldNoteViewSet,
    "quality-projects": QualityProjectViewSet,
}
