"""Appointments and claims find the order that they belong to (METHODS section 1): by its number, else by patient and service line.

A linked row is evidence on its order and counts only there. Whoever arrives first does not matter, so a link is worked out anew whenever
either end changes: `pull_in` folds everybody whom that may concern, `link` decides.
"""

from django.db.backends.utils import CursorWrapper

from referrals.importing.folding import fold
from referrals.models import CountingRules, Kind, Sees, Source
from referrals.rollups import FACTS

ORDERING = (Sees.OUR_ORDERS, Sees.RECEIVED)
CLAIMING = (Sees.APPOINTMENTS, Sees.CLAIMS)
NO_ORDER = "no order found"
NOT_CLEAR = "order not clear"

# The other side of what was folded last, and of what is about to go: by link, by number, by patient and line.
_NEIGHBOURS = f"""
WITH claimers AS MATERIALIZED (SELECT id FROM referrals_source WHERE sees = ANY(%(claiming)s)),
orderers AS MATERIALIZED (SELECT id FROM referrals_source WHERE sees = ANY(%(ordering)s)),
orders AS (
    SELECT id, source_key, patient_hash, service_line_id FROM folded
    WHERE round = %(round)s AND source_id IN (SELECT id FROM orderers)
    UNION ALL SELECT id, source_key, '', NULL FROM gone WHERE %(round)s = 0),
claimants AS (SELECT * FROM folded WHERE round = %(round)s AND source_id IN (SELECT id FROM claimers)),
found AS (
    SELECT r.id FROM {FACTS} r JOIN folded f ON r.linked_to_id = f.id WHERE f.round = %(round)s
    UNION SELECT r.id FROM {FACTS} r JOIN gone g ON r.linked_to_id = g.id WHERE %(round)s = 0
    UNION SELECT r.id FROM {FACTS} r JOIN orders o ON r.order_key = o.source_key
        WHERE r.order_key <> '' AND r.source_id IN (SELECT id FROM claimers)
    UNION SELECT r.id FROM orders o CROSS JOIN claimers c JOIN {FACTS} r ON r.source_id = c.id AND r.patient_hash = o.patient_hash
        AND r.service_line_id = o.service_line_id WHERE o.patient_hash <> ''
    UNION SELECT was.linked_to_id FROM {FACTS} was JOIN folded f ON f.id = was.id WHERE f.round = %(round)s AND was.linked_to_id IS NOT NULL
    UNION SELECT was.linked_to_id FROM {FACTS} was JOIN gone g ON g.id = was.id WHERE %(round)s = 0 AND was.linked_to_id IS NOT NULL
    UNION SELECT r.id FROM claimants f CROSS JOIN orderers o JOIN {FACTS} r ON r.source_id = o.id AND r.source_key = f.order_key
        WHERE f.order_key <> ''
    UNION SELECT r.id FROM claimants f CROSS JOIN orderers o JOIN {FACTS} r ON r.source_id = o.id AND r.patient_hash = f.patient_hash
        AND r.service_line_id = f.service_line_id WHERE f.patient_hash <> '')
SELECT r.id, r.source_id, r.source_key, 0 AS line, false AS is_new, false AS is_sent FROM {FACTS} r JOIN found USING (id)
WHERE NOT EXISTS (SELECT FROM folded f WHERE f.id = r.id) AND NOT EXISTS (SELECT FROM gone g WHERE g.id = r.id)
"""  # noqa: S608 - our own names

# An order that repeats an earlier one is a duplicate and does not count, so what was done is shown on the first. (Who asked is told here by
# words, since nobody is matched yet.)
_LINK = """
WITH claimants AS (
    SELECT f.id, f.order_key, f.patient_hash, f.service_line_id, s.mapping #>> '{feed,orders}' AS feed,
           coalesce(f.appointment_on, f.seen_on, f.ordered_on, f.received_on, f.entered_on) AS day
    FROM folded f JOIN referrals_source s ON s.id = f.source_id WHERE s.sees = ANY(%(claiming)s)),
orders AS (
    SELECT *, requester <> '' AND coalesce(day - %(duplicate_days)s <= max(day) FILTER (WHERE may_be_repeated) OVER (
        PARTITION BY feed, patient_hash, service_line_id, requester ORDER BY day, source_key COLLATE "C"
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS is_repeat
    FROM (SELECT f.id, f.source_key, f.patient_hash, f.service_line_id, s.name AS feed,
                 coalesce(f.ordered_on, f.received_on, f.entered_on) AS day,
                 coalesce(NULLIF(f.referring_npi, ''), NULLIF(f.referring_name, ''), f.referring_org) AS requester,
                 f.state <> 'rejected' AND coalesce(NULLIF(f.kind, ''), %(kind)s) = ANY(%(kinds)s) AS may_be_repeated
          FROM folded f JOIN referrals_source s ON s.id = f.source_id WHERE s.sees = ANY(%(ordering)s)) AS ordered),
named AS (
    SELECT c.id, min(o.id) AS order_id, count(*) AS orders FROM claimants c JOIN orders o ON o.source_key = c.order_key
    WHERE c.order_key <> '' AND (coalesce(c.feed, '') = '' OR c.feed = o.feed) GROUP BY c.id),
near AS (
    SELECT DISTINCT ON (c.id) c.id, o.id AS order_id FROM claimants c
    JOIN orders o ON o.patient_hash = c.patient_hash AND o.service_line_id = c.service_line_id AND o.day BETWEEN c.day - %(days)s AND c.day
    WHERE c.patient_hash <> '' ORDER BY c.id, o.is_repeat, o.day DESC, o.feed, o.source_key)
UPDATE folded f SET linked_to_id = CASE WHEN named.orders = 1 THEN named.order_id WHEN named.orders IS NULL THEN near.order_id END,
    link_note = CASE WHEN named.orders > 1 THEN %(unclear)s WHEN named.orders IS NULL AND near.order_id IS NULL THEN %(none)s END
FROM claimants c LEFT JOIN named ON named.id = c.id LEFT JOIN near ON near.id = c.id WHERE f.id = c.id
"""

# What the linked rows show of an order: the strongest evidence that the patient was seen, the first day of it, the report.
_EVIDENCE = """
CREATE TEMP TABLE evidence ON COMMIT DROP AS
SELECT f.linked_to_id AS id,
    CASE WHEN bool_or(f.is_seen AND s.sees = 'claims') THEN 'claim' WHEN bool_or(f.is_seen) THEN 'appointment' END AS seen_by,
    min(coalesce(f.seen_on, f.appointment_on, f.ordered_on, f.received_on, f.entered_on)) FILTER (WHERE f.is_seen) AS seen_on,
    min(f.report_on) AS report_on
FROM folded f JOIN referrals_source s ON s.id = f.source_id WHERE f.linked_to_id IS NOT NULL GROUP BY 1
"""


def pull_in(cursor: CursorWrapper) -> None:
    """Fold the orders and claimants that what is folded may belong to, and theirs in turn: all of one patient and line, in the end."""
    if not Source.objects.filter(sees__in=CLAIMING).exists() and not _linked_before(cursor):
        return
    round_, sees = 0, {"ordering": list(ORDERING), "claiming": list(CLAIMING)}
    while fold(cursor, _NEIGHBOURS, {"round": round_, **sees}, round_=round_ + 1):
        round_ += 1


def link(cursor: CursorWrapper) -> None:
    """Each claimant's order, and what its claimants show of an order (`evidence`)."""
    rules = CountingRules.current()
    cursor.execute("DROP TABLE IF EXISTS pg_temp.evidence")
    cursor.execute(
        _LINK,
        {
            "ordering": list(ORDERING),
            "claiming": list(CLAIMING),
            "days": rules.link_days,
            "duplicate_days": rules.duplicate_days,
            "kind": Kind.CONSULT.value,
            "kinds": list(rules.counted_kinds),
            "unclear": NOT_CLEAR,
            "none": NO_ORDER,
        },
    )
    cursor.execute(_EVIDENCE)


def _linked_before(cursor: CursorWrapper) -> bool:
    """A feed may have ceased to see appointments or claims."""
    cursor.execute(f"SELECT EXISTS (SELECT FROM {FACTS} WHERE linked_to_id IS NOT NULL)")  # noqa: S608 - our own table
    return bool(cursor.fetchone()[0])
