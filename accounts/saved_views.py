"""Saved views of lists: to save, rename, share, open with, delete and take back. The list's own page shows them (saved_views tag)."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions
from accounts.access import open_to_everybody_inside
from accounts.models import SavedView, User
from common.exceptions import PolicyViolation

OF_A_VIEW = ("view", "deleted_view", "hide", "show", "bulk", "file")  # stand in the address and narrow nothing
KEPT_OUT = ("page", "view", "deleted_view", "undo", "deleted", "bulk", "file")  # of one moment, not of a view


def query_of(given: QueryDict) -> str:
    """What of an address makes the view."""
    told = given.copy()
    for name in [*KEPT_OUT, *(name for name, values in given.lists() if not any(values))]:
        told.pop(name, None)
    return told.urlencode()


class ViewForm(forms.Form):
    """A name, and what is to become of it."""

    name = forms.CharField(label="Name", max_length=60)
    is_shared = forms.BooleanField(label="Offer it to the team", required=False, help_text="Everybody sees it over their own territories.")
    is_default = forms.BooleanField(label="Open the list with it", required=False, help_text="For you; others are not touched.")


def _page(name: str) -> str:
    """The address of the list, or nothing when there is no such list."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@require_POST
@open_to_everybody_inside("keeps what the person sees under a name of their own")
def save(request: HttpRequest) -> HttpResponse:
    """`page` and `query` of the list, `name`, and whether it is shared or the default."""
    page, form = request.POST.get("page", ""), ViewForm(request.POST)
    address = _page(page)
    if not address:
        return redirect("home")
    query = query_of(QueryDict(request.POST.get("query", "")[:1000]))
    if form.is_valid():
        try:
            view = actions.save_view(by=cast(User, request.user), page=page, query=query, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, f"View “{view}” saved.")
            return redirect(view)
    return _shown(request, form, None, page=page, query=query, back=f"{address}?{query}")


def _shown(request: HttpRequest, form: forms.Form, view: SavedView | None, **context: Any) -> HttpResponse:
    return render(request, "accounts/saved_view.html", {"form": form, "view": view, **context}, status=422 if form.errors else 200)


def _own(request: HttpRequest, pk: int) -> SavedView:
    return get_object_or_404(SavedView.objects.filter(owner=cast(User, request.user), deleted_at=None), pk=pk)


@require_http_methods(["GET", "POST"])
@open_to_everybody_inside("one's own view")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Its name, whether the team has it, whether the list opens with it; with `update`, the view becomes what the list shows now."""
    view = _own(request, pk)
    told = {"name": view.name, "is_shared": view.is_shared, "is_default": view.is_default}
    form = ViewForm(request.POST if request.method == "POST" and "name" in request.POST else None, initial=told)
    if form.is_bound and form.is_valid():
        try:
            actions.change_view(by=cast(User, request.user), view=view, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, f"View “{view}” saved.")
            return redirect(view)
    return _shown(request, form, view, back=view.get_absolute_url())


@require_POST
@open_to_everybody_inside("one's own view")
def update(request: HttpRequest, pk: int) -> HttpResponse:
    """The view becomes what the list shows now."""
    view = _own(request, pk)
    query = query_of(QueryDict(request.POST.get("query", "")[:1000]))
    actions.change_view(by=cast(User, request.user), view=view, query=query)
    messages.success(request, f"View “{view}” now shows this.")
    return redirect(view)


@require_POST
@open_to_everybody_inside("one's own view")
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = _own(request, pk)
    actions.delete_view(by=cast(User, request.user), view=view)
    return redirect(f"{_page(view.page)}?{view.query}&deleted_view={view.pk}")


@require_POST
@open_to_everybody_inside("one's own view")
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo."""
    view = get_object_or_404(SavedView.objects.filter(owner=cast(User, request.user)), pk=pk)
    try:
        actions.restore_view(by=cast(User, request.user), view=view)
        messages.success(request, f"View “{view}” is back.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(view)
