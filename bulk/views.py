"""Many rows at once: the preview says what will change and what will not, the confirmation does it, and it can be undone."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import open_to_everybody_inside
from accounts.models import User
from accounts.saved_views import query_of
from bulk import actions, queries
from bulk.lists import PREFIX, Act, BulkList, lists
from bulk.models import BulkRun, ItemState
from common.exceptions import PolicyViolation

SHOWN = 8  # rows of the preview, and of each reason
KEPT_SHOWN = 50


@require_http_methods(["GET", "POST"])
@open_to_everybody_inside("the capabilities of the list and of the act are asked, and visible_to decides which rows")
def preview(request: HttpRequest, name: str) -> HttpResponse:
    """GET shows what `act` would do to the ticked rows (`row`) or to all (`all`) that `query` finds; POST does it."""
    bulk_list = lists.get(name)
    if bulk_list is None:
        raise Http404("No such list.")
    told = request.POST if request.method == "POST" else request.GET
    act = act_for(bulk_list, request.user, told.get("act", ""))
    selection = _selection(told)
    back = _list_url(bulk_list, selection.query)
    if act is None:
        messages.info(request, "Choose what to do with them.")
        return redirect(back)
    if not selection.everything and not selection.ids:
        messages.info(request, f"Tick the {bulk_list.many} first.")
        return redirect(back)
    settings = {key: told.getlist(key) for key in told if key.startswith(f"{PREFIX}-")}
    form = act.form(told if settings or not act.form.base_fields else None, user=request.user)
    context = {"list": bulk_list, "act": act, "selection": selection, "form": form, "back": back, "settings": settings}
    if not form.is_bound or not form.is_valid():
        count = selection.rows(bulk_list, request.user).count()
        return _page(request, {**context, "chosen": bulk_list.count_words(count)}, 422 if form.is_bound else 200)
    try:
        seen = queries.preview(bulk_list, act, selection=selection, settings=settings, data=form.cleaned_data, by=request.user)
        if request.method == "POST":
            return _confirmed(request, context, seen, form.cleaned_data)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    return _shown(request, context, seen, form.cleaned_data)


def act_for(bulk_list: BulkList, user: User, key: str) -> Act | None:
    """What is asked for, if anything is; an act that there is not is 404, one that the person may not do 403."""
    if key and key not in bulk_list.acts:
        raise Http404("No such step.")
    offered = {act.key: act for act in bulk_list.acts_for(user)}
    if not offered or (key and key not in offered):
        raise PermissionDenied("Your role does not let you do this.")
    return offered.get(key)


def _selection(told: QueryDict) -> queries.Selection:
    ids = sorted({int(text) for text in told.getlist("row") if text.isascii() and text.isdigit() and len(text) < 19})
    return queries.Selection(ids, bool(told.get("all")), query_of(QueryDict(told.get("query", "")[:1000])))


def _list_url(bulk_list: BulkList, query: str, **more: Any) -> str:
    """The list as it was, or rather as a plain list when nothing narrows it: a default view is not to jump in."""
    parts = [part for part in (query, *(f"{name}={value}" for name, value in more.items())) if part]
    return f"{reverse(bulk_list.page)}?{'&'.join(parts) or 'view=all'}"


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "bulk/preview.html", context, status=status)


def _shown(request: HttpRequest, context: dict[str, Any], seen: queries.Preview, data: Any, *, changed: str = "") -> HttpResponse:
    bulk_list, act = context["list"], context["act"]
    changing = len(seen.changing)
    told = {
        "seen": seen,
        "says": act.says(data),
        "title": f"{act.says(data)}: {bulk_list.count_words(changing)}",
        "first": [(bulk_list.words(row), act.tells(row, data)) for row in seen.changing[:SHOWN]],
        "more": max(changing - SHOWN, 0),
        "staying": [
            (why, len(rows), [bulk_list.words(row) for row in rows[:SHOWN]], max(len(rows) - SHOWN, 0))
            for why, rows in sorted(seen.staying.items(), key=lambda pair: -len(pair[1]))
        ],
        "count_words": bulk_list.count_words(changing),
        "is_large": changing >= actions.LARGE,
        "client_key": uuid.uuid4(),
        "moved": changed,
    }
    return _page(request, {**context, **told}, 409 if changed else 200)


def _confirmed(request: HttpRequest, context: dict[str, Any], seen: queries.Preview, data: Any) -> HttpResponse:
    """Only what was previewed is done: when the list answers differently now, the preview is shown again, and nothing is changed."""
    bulk_list, act = context["list"], context["act"]
    try:
        client_key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return _shown(request, context, seen, data)
    stored = BulkRun.objects.visible_to(request.user).filter(client_key=client_key).first()
    if stored is None:
        if request.POST.get("fingerprint") != seen.fingerprint:
            before = request.POST.get("count", "")
            were = bulk_list.count_words(int(before)) if before.isdecimal() and len(before) < 9 else "other rows"
            now = bulk_list.count_words(len(seen.changing))
            said = f"The list changed since the preview: it was {were}, it is {now} now. Nothing was changed yet."
            return _shown(request, context, seen, data, changed=said)
        if not seen.changing:
            messages.info(request, "Nothing would change.")
            return redirect(context["back"])
        stored = actions.start(
            bulk_list=bulk_list,
            act=act,
            preview=seen,
            settings=context["settings"],
            words=act.says(data),
            client_key=client_key,
            by=request.user,
        )
    if stored.done_at is None:
        return redirect(stored)
    return redirect(_list_url(bulk_list, context["selection"].query, bulk=stored.pk))


@require_GET
@open_to_everybody_inside("visible_to decides: what one did oneself")
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """What was done, row by row where rows stayed as they were; while a worker is at it, how far it is."""
    found = get_object_or_404(BulkRun.objects.visible_to(request.user).select_related("job"), pk=pk)
    bulk_list = lists.get(found.list_key)
    working = found.job is not None and not found.job.is_finished
    context = {
        "run": found,
        "job": found.job if found.job and (working or found.job.state != "done") else None,
        "working": working,
        "back": _list_url(bulk_list, "") if bulk_list else reverse("home"),
        "many": bulk_list.many if bulk_list else "rows",
        "changed": found.items.filter(state=ItemState.CHANGED)[:KEPT_SHOWN],
        "stayed": found.items.filter(state=ItemState.KEPT)[:KEPT_SHOWN],
    }
    return render(request, "bulk/run.html", context)


@require_POST
@open_to_everybody_inside("visible_to decides: what one did oneself, and the act's capabilities are asked again")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(BulkRun.objects.visible_to(request.user), pk=pk)
    try:
        done = actions.undo(run=found, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(found)
    if done.undone_at is None:
        return redirect(found)
    stayed = done.changed - done.undone
    said = (
        f"Undone: {done.undone:,} as before." if done.undone or not stayed else "Something happened to them since. They stay as they are."
    )
    messages.success(request, f"{said} {stayed:,} changed again since, and stay so." if stayed and done.undone else said)
    bulk_list = lists[found.list_key]
    return redirect(_list_url(bulk_list, query_of(QueryDict(request.POST.get("query", "")[:1000]))))
