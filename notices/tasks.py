"""Work of notices that a worker does."""

from jobs.actions import Lease, handler
from notices.actions import forget_read


@handler("notices.forget_read")
def forget(lease: Lease) -> None:
    """Nightly: what was read long ago goes."""
    lease.progress(0, 1, "Forgetting notices that were read long ago")
    forget_read()
