"""Whom words mean: a queue that a person works through, most referrals first."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from common.names import split_person_name
from common.npi import is_valid_npi
from contacts import actions as contacts
from contacts.forms import OrganizationForm, PracticeForm, ProviderForm
from contacts.matching import MATCHED, Directory, Words, candidates_for
from contacts.models import Alias, Organization, Practice, Provider, WordsKind
from jobs.models import Job, JobState
from referrals import actions, matching
from referrals.models import Referral
from referrals.presenters import matching as shown

PAGE = 10
CONFIRM = "confirm"
EDIT = (Permission.PROVIDER_VIEW, Permission.IMPORT_RUN)
CREATE = (*EDIT, Permission.CONTACT_EDIT)
_FORMS = {WordsKind.PROVIDER: ProviderForm, WordsKind.PRACTICE: PracticeForm, WordsKind.ORGANIZATION: OrganizationForm}


@require_GET
@requires(*EDIT)
def queue(request: HttpRequest) -> HttpResponse:
    """Words that lead nowhere, or to somebody by likeness only; each with the few whom they may mean."""
    waiting = {tab: matching.waiting(queue, user=request.user) for tab, queue in matching.QUEUES.items()}
    waiting[CONFIRM] = matching.to_confirm(user=request.user)
    tab = request.GET.get("tab", "")
    if tab not in waiting:
        tab = next((name for name, rows in waiting.items() if rows), "providers")
    page = Paginator(waiting[tab], PAGE).get_page(request.GET.get("page"))
    context = {
        "tab": tab,
        "tabs": _tabs(waiting, tab),
        "page": page,
        "cards": [shown.card(one, candidates_for(one.words)) for one in page],
        "capped": len(waiting[tab]) >= matching.CAP,
        "progress": _progress(request, tab, sum(one.referrals for one in waiting[tab])),
        "crumbs": [{"url": reverse("referrals:batches"), "label": "Imports"}],
    }
    return render(request, "referrals/matching.html", context)


def _tabs(waiting: dict[str, list[matching.Waiting]], tab: str) -> list[dict[str, Any]]:
    """Receiving providers matter only where a source names them and no organization: shown when some wait."""
    titles = {name: queue.title for name, queue in matching.QUEUES.items()} | {CONFIRM: "To confirm"}
    base = reverse("referrals:matching")
    return [
        {"url": f"{base}?tab={name}", "label": titles[name], "count": len(rows), "active": name == tab}
        for name, rows in waiting.items()
        if name != "receiving" or rows or name == tab
    ]


def _progress(request: HttpRequest, tab: str, rest: int) -> dict[str, Any]:
    """How many referrals of the tab are resolved, and whether a worker still applies decisions."""
    busy = Job.objects.filter(name="referrals.rematch", state__in=[JobState.QUEUED, JobState.RUNNING]).count()
    queue = matching.QUEUES.get(tab)
    total = matching.named(queue, user=request.user) if queue else 0
    return {"tab": tab, "busy": busy, "named": total, "resolved": total - rest, "rest": rest}


@require_GET
@requires(*EDIT)
def progress(request: HttpRequest) -> HttpResponse:
    """How far the queue is: a fragment that asks again while a worker applies decisions."""
    tab = request.GET.get("tab", "")
    queue = matching.QUEUES.get(tab)
    rows = matching.waiting(queue, user=request.user) if queue else matching.to_confirm(user=request.user)
    told = _progress(request, tab if queue else CONFIRM, sum(one.referrals for one in rows))
    return render(request, "referrals/_matching_progress.html", {"progress": told})


def _asked(told: QueryDict) -> Words:
    """The words of the question, as the page sent them back."""
    kind = told.get("kind", "")
    parts = {name: told.get(name, "")[:200] for name in ("npi", "name", "office", "zip")}
    return Words(kind if kind in WordsKind.values else WordsKind.PROVIDER, **parts)


def _back(request: HttpRequest) -> HttpResponse:
    """To where the person was in the queue."""
    tab, page = request.POST.get("tab", ""), request.POST.get("page", "")
    query = "&".join(filter(None, [f"tab={tab}" if tab in (*matching.QUEUES, CONFIRM) else "", f"page={page}" if page.isdigit() else ""]))
    address = f"{reverse('referrals:matching')}?{query}"
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _answer(request: HttpRequest, card: shown.Card) -> HttpResponse:
    context = {"card": card, "tab": request.POST.get("tab", ""), "page_number": request.POST.get("page", "")}
    return render(request, "referrals/_matching_card.html", context)


@require_POST
@requires(*EDIT)
def decide(request: HttpRequest) -> HttpResponse:
    """These words mean this record, or nobody we know. The referrals follow in a worker."""
    words, choice = _asked(request.POST), request.POST.get("choice", "")
    target = matching.target_of(words, choice or request.POST.get("target", ""), user=request.user) if choice != "nobody" else None
    about = request.POST.get("about", "")[:300]
    if target is None and choice != "nobody":
        messages.error(request, "That record is not there any more. Choose another one.")
        return _back(request)
    try:
        alias = actions.decide(words=words, target=target, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return _back(request)
    if request.htmx:
        return _answer(request, shown.Card(words, about, alias=alias))
    messages.success(request, f"{words.shown}: {target or 'nobody we know'}. Its referrals follow in a moment.")
    return _back(request)


@require_POST
@requires(*EDIT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a decision back, and ask again."""
    alias = get_object_or_404(Alias.objects.visible_to(request.user), pk=pk)
    words = Words(alias.kind, alias.npi, alias.name, alias.office, alias.zip)
    contacts.forget_alias(alias=alias, by=request.user)
    if request.htmx:
        offers = [shown.Offer(key, found) for key, found in enumerate(candidates_for(words), start=1)]
        return _answer(request, shown.Card(words, request.POST.get("about", "")[:300], offers))
    messages.success(request, f"Taken back: {words.shown} waits again.")
    return _back(request)


@require_http_methods(["GET", "POST"])
@requires(*CREATE)
def create(request: HttpRequest) -> HttpResponse:
    """A record that we lacked, made from the words; the words mean it from then on."""
    words = _asked(request.GET)  # in the address; the form has fields of these names
    kind = WordsKind(words.kind)
    practice = _practice_of(words)
    form = _FORMS[kind](request.POST if request.method == "POST" else None, initial=_initial(words))
    if request.method == "POST" and form.is_valid():
        try:
            made = _make(kind, form.cleaned_data, words, practice, request)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{made} added. Referrals that say “{words.shown}” follow in a moment.")
            return redirect("referrals:matching")
    context = {"form": form, "words": words, "kind": kind.label.lower(), "practice": practice, "cancel_url": reverse("referrals:matching")}
    context["crumbs"] = [{"url": context["cancel_url"], "label": "Matching"}]
    return render(request, "referrals/matching_new.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _make(
    kind: WordsKind, fields: dict[str, Any], words: Words, practice: Practice | None, request: HttpRequest
) -> Provider | Practice | Organization:
    """The record and what its words mean stand together or not at all."""
    made: Provider | Practice | Organization
    if kind == WordsKind.PROVIDER:
        made = contacts.save_provider(practice=practice, by=request.user, **fields)
    elif kind == WordsKind.PRACTICE:
        made = contacts.save_practice(by=request.user, **fields)
    else:
        made = contacts.save_organization(by=request.user, **fields)
    actions.decide(words=words, target=made, by=request.user)
    return made


def _practice_of(words: Words) -> Practice | None:
    """Where a new provider works, when the words name a practice that we know."""
    if words.kind != WordsKind.PROVIDER or not words.office:
        return None
    match = Directory.load().practice(words.office, words.zip)
    return Practice.objects.get(pk=match.id) if match.outcome == MATCHED and match.id is not None else None


def _initial(words: Words) -> dict[str, str]:
    npi = words.npi if is_valid_npi(words.npi) else ""
    if words.kind != WordsKind.PROVIDER:
        return {"name": _readable(words.name), "zip": words.zip, "npi": npi}
    first, middle, last = (_readable(part) for part in split_person_name(words.name))
    return {"first_name": first, "middle_name": middle, "last_name": last, "npi": npi}


def _readable(text: str) -> str:
    """What a source wrote in capitals, as people write it."""
    return text.title() if text.isupper() and len(text) > 1 else text


@require_GET
@requires(Permission.PROVIDER_VIEW, Permission.IMPORT_RUN)
def provider_sum(request: HttpRequest, pk: int) -> HttpResponse:
    """How many referrals would follow a merge of the provider."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user), pk=pk)
    seen = Referral.objects.visible_to(request.user)
    made, received = seen.filter(provider=provider).count(), seen.filter(performer=provider).count()
    return render(request, "referrals/_provider_sum.html", {"made": made, "received": received})
