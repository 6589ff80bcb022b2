"""How extracts are opened: as every other table (common.tables)."""

from common.tables import Table, open_table

__all__ = ["Table", "open_table"]
