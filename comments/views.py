"""One thread under one record: as a lazy panel of its page, and as a page of its own for a browser without JavaScript."""

from typing import Any

from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.permissions import Permission
from comments import actions
from comments.forms import CommentForm
from comments.models import Comment
from comments.queries import people_to_mention, thread
from comments.subjects import find, subject
from common.exceptions import PolicyViolation


def _record(request: HttpRequest, kind: str, pk: int) -> Model:
    found = find(kind, pk, request.user)
    if found is None:
        raise Http404("There is nothing here to comment on.")
    return found


def _page(request: HttpRequest, kind: str, pk: int, target: Model, form: CommentForm, **more: Any) -> HttpResponse:
    known = subject(kind)
    context = {
        "kind": kind,
        "pk": pk,
        "target": target,
        "label": known.label if known else "",
        "comments": thread(kind, pk),
        "form": form,
        **more,
    }
    template = "comments/_thread.html" if request.htmx else "comments/thread.html"
    return render(request, template, context, status=422 if form.errors and not request.htmx else 200)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@requires(Permission.DASHBOARD_VIEW)
def comments(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The thread; POST says something. Who may see the record may do both."""
    target = _record(request, kind, pk)
    form = CommentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_comment(kind=kind, pk=pk, text=form.cleaned_data["text"], is_none=form.cleaned_data["is_none"], by=request.user)
        except PolicyViolation as refusal:
            form.add_error("text", str(refusal))
        else:
            return _again(request, kind, pk, target)
    return _page(request, kind, pk, target, form, deleted=_deleted(request, kind, pk))


def _again(request: HttpRequest, kind: str, pk: int, target: Model, **more: Any) -> HttpResponse:
    if request.htmx:
        return _page(request, kind, pk, target, CommentForm(), **more)
    address = reverse("comments:thread", args=[kind, pk])
    return redirect(f"{address}?deleted={more['deleted'].pk}" if more.get("deleted") else address)


def _deleted(request: HttpRequest, kind: str, pk: int) -> Comment | None:
    """The comment that was taken back just now, to offer the way back."""
    text = request.GET.get("deleted", "")
    own = Comment.objects.on(kind, pk).filter(written_by=request.user.pk).exclude(deleted_at=None)
    return own.filter(pk=text).first() if text.isdecimal() and len(text) < 19 else None


def _own(request: HttpRequest, pk: int) -> tuple[Comment, Model]:
    """One's own comment, on a record that one still sees."""
    comment = get_object_or_404(Comment.objects.visible_to(request.user).filter(written_by=request.user.pk), pk=pk)
    return comment, _record(request, comment.kind, comment.subject_id)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@requires(Permission.DASHBOARD_VIEW)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Other words for one's own comment."""
    comment, target = _own(request, pk)
    form = CommentForm(request.POST if request.method == "POST" else None, initial={"text": comment.text})
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_comment(comment=comment, text=form.cleaned_data["text"], is_none=form.cleaned_data["is_none"], by=request.user)
        except PolicyViolation as refusal:
            form.add_error("text", str(refusal))
        else:
            return _again(request, comment.kind, comment.subject_id, target)
    return _page(request, comment.kind, comment.subject_id, target, form, editing=comment)


@require_POST
@requires(Permission.DASHBOARD_VIEW)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    comment, target = _own(request, pk)
    actions.delete_comment(comment=comment, by=request.user)
    return _again(request, comment.kind, comment.subject_id, target, deleted=comment)


@require_POST
@requires(Permission.DASHBOARD_VIEW)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    comment, target = _own(request, pk)
    actions.restore_comment(comment=comment, by=request.user)
    return _again(request, comment.kind, comment.subject_id, target)


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def people(request: HttpRequest, kind: str, pk: int) -> JsonResponse:
    """Whom an @ may name here: those who may see the record."""
    _record(request, kind, pk)
    found = people_to_mention(kind=kind, pk=pk, words=request.GET.get("q", "")[:60], besides=request.user)
    return JsonResponse([{"name": str(person), "role": person.get_role_display()} for person in found], safe=False)
