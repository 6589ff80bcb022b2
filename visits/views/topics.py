"""Settings: what visits can be about."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from visits import actions
from visits.forms import TopicForm
from visits.models import Topic
from visits.views.common import sent


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def topics(request: HttpRequest) -> HttpResponse:
    """All topics with their use, and a field for a new one."""
    form = TopicForm(sent(request), initial={"is_active": True})
    if request.method == "POST" and form.is_valid():
        topic = actions.save_topic(by=request.user, **form.cleaned_data)
        messages.success(request, f"Topic added: {topic.name}.")
        return redirect("visits:topics")
    rows = Topic.objects.annotate(used=Count("visits", filter=Q(visits__deleted_at=None)))
    return render(request, "visits/topics.html", {"form": form, "topics": rows}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def topic(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a topic, or take it off the form."""
    stored = get_object_or_404(Topic, pk=pk)
    form = TopicForm(sent(request), instance=stored)
    if request.method == "POST" and form.is_valid():
        actions.save_topic(by=request.user, topic=get_object_or_404(Topic, pk=pk), **form.cleaned_data)
        messages.success(request, "Topic saved.")
        return redirect("visits:topics")
    return render(request, "visits/topic.html", {"form": form, "topic": stored}, status=422 if form.errors else 200)
