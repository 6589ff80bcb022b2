"""What a filter written in words asks for: `payer=Aetna`, `provider=2000000012`, `month=2026-05-01`, `reason=null` for none given.

The words are those of the answers (reports.measuring): providers by NPI, territories, practices and lines by name, feeds by the name that
never changes, codes as they are, months as days, liaisons by e-mail or name. What somebody does not see is not found.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from contacts.models import Organization, Practice, Provider, Specialty
from referrals.models import Flow, Kind, LossReason, Payer, Source, State
from reports.periods import first_of
from reports.queries.cuts import CUTS
from territories.models import ServiceLine, Territory

NOTHING = "null"


class WrongQuestion(ValueError):
    """The question cannot be put. The text is a sentence for the asker."""


class NotFound(WrongQuestion):
    """The words name nobody that the asker sees."""


def wanted(filters: Iterable[str], *, user: User | None = None) -> dict[str, Any]:
    """`["payer=Aetna", …]` as a filter of ids. Without a user everything is seen."""
    where: dict[str, Any] = {}
    for text in filters:
        name, sign, words = (part.strip() for part in text.partition("="))
        if not (name and sign and words):
            raise WrongQuestion(f'A filter is a name, "=" and what it must be, such as payer=Aetna, not "{text}".')
        if name not in CUTS:
            raise WrongQuestion(f'A measure cannot be narrowed by "{name}". Choose one of: {", ".join(CUTS)}.')
        if name in where:
            raise WrongQuestion(f"Narrow by {name} only once.")
        where[name] = None if words == NOTHING else _LOOK_UPS[name](name, words, user)
    return where


def _month(name: str, words: str, user: User | None) -> dt.date:
    try:
        return first_of(dt.date.fromisoformat(words if len(words) > 7 else f"{words}-01"))
    except ValueError:
        raise WrongQuestion(f'A month is written as its first day, 2026-05-01, not "{words}".') from None


def _code(choices: Iterable[str]) -> Callable[[str, str, User | None], str]:
    known = list(choices)

    def look_up(name: str, words: str, user: User | None) -> str:
        if words not in known:
            raise NotFound(f'There is no {name} "{words}". There are: {", ".join(known)}.')
        return words

    return look_up


def _specialty(name: str, words: str, user: User | None) -> str:
    for model in (Specialty, ServiceLine):
        found = model._default_manager.filter(name__iexact=words).values_list("name", flat=True).first()
        if found:
            return str(found)
    raise NotFound(f'There is no specialty "{words}".')


def _only(rows: QuerySet[Any], name: str, words: str) -> Any:
    found = list(rows.order_by("pk")[:2])
    if not found:
        raise NotFound(f'There is no {CUTS[name].label.lower()} "{words}" that you see.')
    if len(found) > 1:
        raise WrongQuestion(f'More than one {CUTS[name].label.lower()} is called "{words}".')
    return found[0]


def _seen(model: Any, user: User | None) -> QuerySet[Any]:
    rows: Any = model._default_manager.all()
    seen: QuerySet[Any] = rows if user is None or not hasattr(rows, "visible_to") else rows.visible_to(user)
    return seen


def _row(model: type[Any], *fields: str) -> Callable[[str, str, User | None], int]:
    def look_up(name: str, words: str, user: User | None) -> int:
        condition = Q()
        for field in fields:
            condition |= Q(**{f"{field}__iexact": words})
        return int(_only(_seen(model, user).filter(condition), name, words).pk)

    return look_up


def _group(name: str, words: str, user: User | None) -> int:
    organizations = Organization.objects.filter(name__iexact=words)
    if organizations.exists():
        return int(_only(organizations, name, words).pk)
    return -int(_only(_seen(Practice, user).filter(name__iexact=words, organization=None), name, words).pk)


_LOOK_UPS: dict[str, Callable[[str, str, User | None], Any]] = {
    "month": _month,
    "flow": _code(Flow.values),
    "kind": _code(Kind.values),
    "state": _code(State.values),
    "reason": _code(LossReason.values),
    "specialty": _specialty,
    "service_line": _row(ServiceLine, "name"),
    "payer": _row(Payer, "name"),
    "organization": _row(Organization, "name"),
    "destination": _row(Organization, "name"),
    "group": _group,
    "practice": _row(Practice, "name"),
    "provider": _row(Provider, "npi"),
    "territory": _row(Territory, "name"),
    "liaison": _row(User, "email", "full_name"),
    "source": _row(Source, "name"),
}
