"""Whether a question to a measure is answered while somebody waits, or by a worker: the one rule of pages, files and API."""

from reports.measures import Ask, Measure
from reports.queries.cells import ground
from reports.queries.size import referrals_of

LIVE = 400_000  # referrals that are read while somebody waits; more is a worker's


def size(measure: Measure, ask: Ask) -> int:
    """How many referrals the answer reads: none where rollups cover it."""
    if measure.from_rollups:
        by, where = [cut for cut in ask.by if cut != "flow"], {cut: value for cut, value in ask.where.items() if cut != "flow"}
        if not ground(dimensions=by, start=ask.start, end=ask.end, where=where, scope=ask.scope).is_facts:
            return 0
    return referrals_of(start=ask.start, end=ask.end, where=ask.where, scope=ask.scope)


def is_for_a_worker(measure: Measure, ask: Ask) -> bool:
    """No rollup covers it, and too many referrals lie in the asker's field, the days and the filter. What lacks data is told at once."""
    return not measure.lacks(ask) and size(measure, ask) > LIVE
