"""Tables that other systems give: opened whatever their shape, streamed row by row.

Contacts, territories, visits and referrals read them alike.
"""

from common.tables.reading import ShortRow, Table, open_table

__all__ = ["ShortRow", "Table", "open_table"]
