"""Two records that are one: found, made one, and parted again exactly."""

from contacts.merging.finding import Pair, organization_pairs, provider_pairs, why_one
from contacts.merging.moving import Preview, above, move, move_back, preview, without

__all__ = ["Pair", "Preview", "above", "move", "move_back", "organization_pairs", "preview", "provider_pairs", "why_one", "without"]
