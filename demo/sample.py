"""Sample data on and off: the invented world in a real installation, and that installation again as it was (docs/adr/0017)."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts.actions import EARLIER_TEAM
from accounts.models import User
from audit.actions import record
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from compliance.models import Receipt
from contacts.models import Practice, Provider
from demo import actions, tables
from demo.models import Sample
from events.models import Event
from jobs.actions import enqueue, run_waiting
from jobs.models import Job, JobState
from referrals.models import ImportBatch, MarketFile, Referral
from territories.models import Territory
from visits.models import Visit

STAGES = 16  # sentences that loading says
PATIENCE = 300  # seconds for what other workers began
_OURS = ("demo.load_sample", "demo.take_off_sample")
_UNDER_WAY = (JobState.QUEUED, JobState.RUNNING)


def what_is_here() -> list[str]:
    """What stands in the way of loading: facts that would be mixed with invented ones."""
    found = []
    for what, rows in (
        ("territories", Territory.objects.exclude(parent=None)),
        ("practices", Practice.objects.all()),
        ("providers", Provider.objects.all()),
        ("visits", Visit.objects.all()),
        ("events", Event.objects.all()),
        ("referrals", Referral.objects.all()),
        ("imports", ImportBatch.objects.all()),
        ("market files", MarketFile.objects.all()),
    ):
        if rows.exists():
            found.append(what)
    return found


def entered_meanwhile(sample: Sample) -> int:
    """How many things real people did since the world was loaded: what of them is no person and no setting of theirs goes with it."""
    real = [str(pk) for pk in User.objects.filter(is_demo=False).values_list("pk", flat=True)]
    since = sample.loaded_at or sample.asked_at
    return AuditEvent.objects.filter(by_id__in=real, happened_at__gt=since).exclude(event__regex=r"^(sample|setup|mail|backup)\.").count()


@transaction.atomic
def ask_to_load(*, by: User) -> Sample:
    """Keep every table as it is, and queue the load. Only where there is nothing yet that could be mixed up with it."""
    if Sample.objects.exists():
        raise PolicyViolation("The sample data is here already.")
    if found := what_is_here():
        raise PolicyViolation(f"There are {', '.join(found)} already. Sample data goes only into an installation that has none.")
    tables.forget()
    tables.keep()
    sample = Sample.objects.create(pk=1, asked_by=by, job=enqueue("demo.load_sample", by=by, key="demo.load_sample"))
    record("sample.asked_for", by=by)
    return sample


def load(*, by: User | None, progress: Callable[[int, int, str], None], referrals_a_month: int = 850) -> None:
    """Make the world. A second try after a cut adds only what is missing."""
    own = Job.objects.filter(name="demo.load_sample", state=JobState.RUNNING).values_list("pk", flat=True)
    mine, said = set(own), 0

    def say(sentence: str) -> None:
        nonlocal said
        said += 1
        _settle(mine)
        progress(min(said, STAGES - 1), STAGES, sentence.strip().rstrip(" …").capitalize())

    actions.load(say=say, referrals_a_month=referrals_a_month)
    _settle(mine)
    with transaction.atomic():
        sample = Sample.objects.select_for_update().get(pk=1)
        sample.loaded_at, sample.untouched = timezone.now(), tables.unchanged(tables.SETTINGS)
        sample.save(update_fields=["loaded_at", "untouched"])
        record("sample.loaded", by=by)


def _settle(mine: set[int]) -> None:
    """Other workers take part in what loading asks for; the next stage begins when they are done."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        run_waiting(limit=50)
        if not Job.objects.filter(state__in=_UNDER_WAY).exclude(pk__in=mine).exclude(name__in=_OURS).exists():
            return
        time.sleep(0.2)


@transaction.atomic
def ask_to_take_off(*, by: User) -> Job:
    """Queue it. What is under way is stopped: it would be about people who are gone."""
    sample = Sample.objects.select_for_update().first()
    if sample is None:
        raise PolicyViolation("There is no sample data here.")
    if by.is_demo:
        raise PolicyViolation("You are one of the invented people. A real admin takes the sample data off.")
    if sample.job is not None and not sample.job.is_finished:
        raise PolicyViolation("The sample data is still being loaded. Take it off when it is done.")
    sample.job = job = enqueue("demo.take_off_sample", by=by, key="demo.take_off_sample")
    sample.save(update_fields=["job"])
    record("sample.asked_off", by=by)
    return job


def take_off(*, by: User | None, progress: Callable[[int, int, str], None], complete: Callable[[], None]) -> None:
    """Put every table back as it was, in one transaction that also ends the job."""
    progress(0, 3, "Stopping what is under way")
    Job.objects.filter(state__in=_UNDER_WAY).exclude(name__in=_OURS).update(
        state=JobState.CANCELLED, finished_at=timezone.now(), lease_until_at=None
    )
    with transaction.atomic():
        sample = Sample.objects.select_for_update().get(pk=1)
        progress(1, 3, "Putting every table back")
        tables.put_back(sample.untouched)
        Job.objects.exclude(pk__in=tables.ids_before("jobs_job")).exclude(name__regex=r"^(setup|demo)\.").delete()
        _end_sessions()
        sample.delete()
        User.objects.filter(is_demo=True).delete()
        User.objects.filter(email=EARLIER_TEAM, joined_at__gte=sample.asked_at).delete()
        tables.forget()
        record("sample.taken_off", by=by)
        complete()
    (settings.VAR / "demo_password").unlink(missing_ok=True)
    known = set(Receipt.objects.values_list("stored_as", flat=True))
    for path in settings.RECEIPTS.glob("*"):
        if path.is_file() and path.name not in known:
            path.unlink(missing_ok=True)


def _end_sessions() -> None:
    invented = {str(pk) for pk in User.objects.filter(is_demo=True).values_list("pk", flat=True)}
    ended = [session.pk for session in Session.objects.all().iterator() if session.get_decoded().get("_auth_user_id") in invented]
    Session.objects.filter(pk__in=ended).delete()
