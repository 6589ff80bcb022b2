"""Every write on contacts."""

from contacts.actions.aliases import forget_alias, forget_aliases, remember_guesses, save_alias
from contacts.actions.custom import apply_custom, save_custom_field, save_custom_values
from contacts.actions.merges import keep_apart, merge_organizations, merge_providers, unmerge
from contacts.actions.moves import accept_move, dismiss_move, undo_move
from contacts.actions.placing import except_practice, lift_exception, pin_practice, set_pins, unpin_practice
from contacts.actions.records import (
    Owner,
    affiliate,
    align,
    end_affiliation,
    make_primary,
    remove_alignment,
    save_organization,
    save_practice,
    save_provider,
    save_specialty,
    save_staff,
    set_archived,
)
from contacts.actions.tiers import save_cadence, set_tiers, undo_tiers
from contacts.actions.visiting import drop_map_pin, lift_map_pin, save_visiting

__all__ = [
    "Owner",
    "accept_move",
    "affiliate",
    "align",
    "apply_custom",
    "dismiss_move",
    "drop_map_pin",
    "end_affiliation",
    "except_practice",
    "forget_alias",
    "forget_aliases",
    "keep_apart",
    "lift_exception",
    "lift_map_pin",
    "make_primary",
    "merge_organizations",
    "merge_providers",
    "pin_practice",
    "remember_guesses",
    "remove_alignment",
    "save_alias",
    "save_cadence",
    "save_custom_field",
    "save_custom_values",
    "save_organization",
    "save_practice",
    "save_provider",
    "save_specialty",
    "save_staff",
    "save_visiting",
    "set_archived",
    "set_pins",
    "set_tiers",
    "undo_move",
    "undo_tiers",
    "unmerge",
    "unpin_practice",
]
