"""The API of comments: the same visibility and the same actions as the thread."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from comments import actions
from comments.api.serializers import ThreadCommentSerializer
from comments.filters import CommentFilter
from comments.models import Comment
from comments.subjects import find


class CommentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, mixins.DestroyModelMixin, GenericViewSet):
    """What people say to each other about a visit, a practice, an alert or a report that the person sees."""

    required_permissions = (Permission.DASHBOARD_VIEW,)  # every role has it; each record's own visibility decides
    write_permissions = (Permission.DASHBOARD_VIEW,)
    serializer_class = ThreadCommentSerializer
    filterset_class = CommentFilter
    queryset = Comment.objects.none()

    def get_queryset(self) -> QuerySet[Comment]:
        return Comment.objects.visible_to(self.request.user).standing().for_list()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        if find(data["kind"], data["subject_id"], request.user) is None:
            raise NotFound("There is nothing here to comment on.")
        comment = actions.add_comment(kind=data["kind"], pk=data["subject_id"], text=data["text"], is_none=data["is_none"], by=request.user)
        return Response(self.get_serializer(comment).data, status=201)

    def perform_destroy(self, instance: Comment) -> None:
        actions.delete_comment(comment=instance, by=self.request.user)


VIEWSETS: dict[str, type[GenericViewSet]] = {"comments": CommentViewSet}
