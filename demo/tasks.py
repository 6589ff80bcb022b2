"""Loading the invented world, and taking it off again, by a worker."""

from accounts.models import User
from demo import sample
from demo.models import Sample
from jobs.actions import Lease, handler


def _asked_by() -> User | None:
    row = Sample.objects.select_related("asked_by").first()
    return row.asked_by if row else None


@handler("demo.load_sample", own_transaction=True)
def load_sample(lease: Lease) -> None:
    """In the many transactions of its imports; a second attempt goes on where the first one ended."""
    sample.load(by=_asked_by(), progress=lease.progress)
    lease.complete(note="The sample data is here")


@handler("demo.take_off_sample", own_transaction=True)
def take_off_sample(lease: Lease) -> None:
    sample.take_off(by=_asked_by(), progress=lease.progress, complete=lambda: lease.complete(note="Everything is as it was before"))
