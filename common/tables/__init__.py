"""Tables that other systems give: opened whatever their shape, streamed row by row.

Contacts, territories, visits and referrals read them alike.
"""

from common.tables.reading import Table, open_table

__all__ = ["Table", "open_table"]
