"""The words that say who is meant, and the key under which a decision about them is kept."""

from dataclasses import dataclass

from common.names import exact_key, fold
from contacts.models import WordsKind

_KEY = 700


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a source as matching is asked. `office` and `zip` say where a provider is; a practice has a name and a ZIP."""

    kind: str
    npi: str = ""
    name: str = ""
    office: str = ""
    zip: str = ""

    @property
    def key(self) -> str:
        """Equal for words that differ in case, spacing and punctuation only. In a person's name accents count: Zoe is not Zoë."""
        name = exact_key(self.name) if self.kind == WordsKind.PROVIDER else fold(self.name)
        return "|".join((self.kind, self.npi.strip(), name, fold(self.office), self.zip.strip()))[:_KEY]

    @property
    def shown(self) -> str:
        """As a person reads them."""
        return " · ".join(filter(None, [self.name, self.npi and f"NPI {self.npi}", self.office, self.zip]))
