"""Every write of territories: the tree, the rules, who looks after what, service lines."""

from territories.actions.loading import load_plan, save_service_line
from territories.actions.people import assign, end_assignment
from territories.actions.rules import add_rules, change_rules, drop_rule, rules_of, rules_to_undo, set_rules, undo_rules
from territories.actions.tree import archive_territory, create_territory, edit_territory, ensure_root, lock_tree, place_practices

__all__ = [
    "add_rules",
    "archive_territory",
    "assign",
    "change_rules",
    "create_territory",
    "drop_rule",
    "edit_territory",
    "end_assignment",
    "ensure_root",
    "load_plan",
    "lock_tree",
    "place_practices",
    "rules_of",
    "rules_to_undo",
    "save_service_line",
    "set_rules",
    "undo_rules",
]
