"""Work of concerns that a worker does."""

from concerns.actions import escalate_late_concerns
from jobs.actions import Lease, handler


@handler("concerns.escalate_late")
def escalate_late(lease: Lease) -> None:
    """Nightly: what is past its deadline by its category's days goes to the department's lead."""
    lease.progress(0, 1, "Escalating late concerns")
    escalate_late_concerns()
