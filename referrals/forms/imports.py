"""What people type about an import: a file and its feed, the meaning of its columns, what was seen, why it is undone."""

import hashlib
from collections.abc import Collection
from collections.abc import Mapping as Table
from dataclasses import replace
from typing import Any

from django import forms

from referrals.importing.mapping import (
    ANCHORS,
    DATE_STYLES,
    FIELDS,
    KINDS,
    PRIORITIES,
    REASONS,
    SEES,
    Mapping,
    header_key,
    word_key,
)
from referrals.importing.previewing import MOST_WORDS, Column, Preview
from referrals.importing.suggesting import suggest_state
from referrals.models import Kind, LossReason, Source, State

HASH, SHARED, DROP, SKIP = "~hash", "~shared", "~drop", "~skip"
_GROUPS = (
    ("The referral", ("source_key", *ANCHORS, "order_key", "service_line", "kind", "priority", "payer", "reason")),
    ("Who referred", ("referring_name", "referring_npi", "referring_practice", "referring_zip")),
    ("Where to", ("destination_name", "destination_npi", "performing_name", "performing_npi")),
    ("What became of it", ("state", "told_at", "appointment_on", "seen_on", "report_on")),
)
_PATIENT = (
    (HASH, "Patient's record number: hashed"),
    (SHARED, "Number of the patient in all feeds: hashed"),
    (DROP, "Patient data: never kept"),
)
COLUMN_CHOICES = (
    ("", "Not read"),
    ("Patient", _PATIENT),
    *((group, tuple((name, FIELDS[name]) for name in names)) for group, names in _GROUPS),
)
# our field: what its words can mean, and where the mapping keeps them
WORDS = {
    "state": ("status", tuple(State.choices)),
    "kind": ("kinds", tuple((kind, Kind(kind).label) for kind in KINDS)),
    "priority": ("priorities", tuple((word, "ASAP" if word == "asap" else word.capitalize()) for word in PRIORITIES)),
    "reason": ("reasons", tuple((reason, LossReason(reason).label) for reason in REASONS)),
}
SEES_HELP = {
    "our_orders": "Our orders: every referral our own providers write, wherever it goes",
    "received": "Referrals received: only what others sent to us",
    "appointments": "Appointments: what was booked with us",
    "claims": "Claims: all destinations, after the fact",
}


UNDO_REASONS = ("Wrong file", "Wrong feed", "Wrong mapping", "Incomplete or damaged file", "Test data", "The source asked for it")


class UploadForm(forms.Form):
    """A file of a feed that exists, or of a new one."""

    source = forms.ModelChoiceField(
        Source.objects.all(),
        label="Feed",
        required=False,
        empty_label="A new feed, named below",
        help_text="The feed that this file belongs to. The first file of a system begins a new one.",
    )
    new_source = forms.CharField(
        label="Name of the new feed",
        required=False,
        max_length=60,
        help_text="The system it comes from, such as “Epic orders”. It cannot be renamed later: patient hashes are made with it.",
    )
    file = forms.FileField(
        label="File",
        help_text="CSV, tab- or pipe-separated text, Excel, FHIR (JSON, NDJSON) or HL7 v2 messages; also inside a zip or gzip."
        " The first line of a table must name the columns.",
        error_messages={
            "required": "Choose the file.",
            "empty": "The file is empty. Export it again; nothing was loaded.",
            "missing": "Choose the file.",
        },
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors.get("source") and not data.get("source") and not data.get("new_source", "").strip():
            self.add_error("new_source", "Choose a feed, or name a new one.")
        if data.get("source") and data.get("new_source", "").strip():
            self.add_error("new_source", f"You chose the feed {data['source']}. Leave this blank, or choose “A new feed”.")
        return data


class MendedForm(forms.Form):
    """The rejected rows of an import, mended."""

    file = forms.FileField(
        label="The mended rows",
        help_text="The downloaded file with the rows that you mended. It is read as the first import was; hashes are taken back.",
        error_messages={"required": "Choose the mended file.", "empty": "The file is empty. Download the rejected rows again."},
    )


class LoadForm(forms.Form):
    """To load a file with alarms one must have seen them."""

    looked = forms.BooleanField(
        label="I have looked at this; the file is right",
        error_messages={"required": "Look at what is odd in this file first. If it is right all the same, tick the box."},
    )


class UndoForm(forms.Form):
    """Reasons are chosen, not typed: the audit trail must hold nothing of a patient."""

    why = forms.ChoiceField(
        label="Why is it undone?",
        choices=[(word, word) for word in UNDO_REASONS],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why the import is undone."},
    )


def word_field(field: str, word: str) -> str:
    """The name of the question what a word means: the same whichever words stand around it."""
    return f"word-{field}-{hashlib.sha256(word_key(word).encode()).hexdigest()[:12]}"


class MappingForm(forms.Form):
    """What each column of the file is, how its dates are written, what the feed sees, and what its words mean."""

    sees = forms.ChoiceField(
        label="What does this feed see?",
        choices=[(word, SEES_HELP[word]) for word in SEES],
        widget=forms.RadioSelect,
        help_text="It decides which way a referral counts when an end is not named, and what reports may say of it.",
        error_messages={"required": "Say what the feed sees."},
    )
    dates = forms.ChoiceField(
        label="How are dates written?",
        choices=list(DATE_STYLES.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Say which comes first, the month or the day: the file does not show it."},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        preview: Preview,
        base: Mapping,
        sure: bool,
        is_fixed: bool = False,
        refused: Table[str, Collection[str]] | None = None,
    ) -> None:
        """`sure`: the mapping was used before or chosen, so its date style and feed need not be asked for again. `is_fixed`: the format
        says what each column is, as FHIR and HL7 do; then only words are asked for."""
        self.preview, self.base, self.is_fixed = preview, base, is_fixed
        initial = {"sees": base.sees if sure else None, "dates": base.dates if sure or not preview.suggestion.dates.ambiguous else None}
        super().__init__(data, initial=initial)
        if is_fixed:
            del self.fields["dates"]
        for number, column in enumerate(() if is_fixed else preview.columns):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=column.header, choices=COLUMN_CHOICES, required=False, initial=self._reading(column)
            )
        self.words: dict[str, dict[str, int]] = {}
        for name in WORDS:
            self._ask_words(name, (refused or {}).get(name, ()))
        if self.is_bound and (doubtful := self._doubtful()):
            self.fields["not_patient"] = forms.BooleanField(
                label=f"I have looked: {', '.join(doubtful)} hold no data of patients",
                error_messages={
                    "required": f"{', '.join(doubtful)} look like patient data. Set them to hashed or never kept, or tick this."
                },
            )

    def _reading(self, column: Column) -> str:
        """What the column is, as far as the mapping knows; else what keeps patients safe."""
        key = header_key(column.header)
        for name, header in self.base.columns.items():
            if header_key(header) == key:
                return name
        if self.base.identifier and header_key(self.base.identifier) == key:
            return HASH
        if self.base.enterprise and header_key(self.base.enterprise) == key:
            return SHARED
        if column.patient or key in {header_key(header) for header in self.base.dropped}:
            return DROP
        return ""

    def _chosen(self) -> list[tuple[Column, str]]:
        """Each column with what is chosen for it now: in the answer, else at first."""
        if self.is_fixed:
            return [(column, self._reading(column)) for column in self.preview.columns]
        return [
            (column, str((self.data.get(name) if self.is_bound else self.fields[name].initial) or ""))
            for number, column in enumerate(self.preview.columns)
            for name in (f"column-{number}",)
        ]

    def _column_of(self, field: str) -> Column | None:
        return next((column for column, chosen in self._chosen() if chosen == field), None)

    def _doubtful(self) -> list[str]:
        """Columns that look like a patient's and are to be kept all the same."""
        return [f"“{column.header}”" for column, chosen in self._chosen() if column.patient and chosen in FIELDS]

    def _ask_words(self, field: str, refused: Collection[str]) -> None:
        """A question for each word of the column; words of a column that may be a patient's are never shown."""
        column = self._column_of(field)
        if column is None or column.patient:
            return
        part, choices = WORDS[field]
        known = {word_key(word): ours for word, ours in getattr(self.base, part).items()}
        found = dict(self.preview.words_of(column.header) or {}) | {word: 0 for word in refused}
        if field != "state":
            found.pop("", None)
        for word in list(found)[: 2 * MOST_WORDS]:
            ours = known.get(word_key(word)) or (suggest_state(word) if field == "state" else _same(word, choices))
            leave = [(SKIP, "Refuse these rows")] if field == "state" else []
            self.fields[word_field(field, word)] = forms.ChoiceField(
                label=word or "(blank)",
                choices=[("", "Choose" if field == "state" else "Not known"), *choices, *leave],
                required=field == "state",
                initial=ours,
                error_messages={"required": f"Say what “{word or '(blank)'}” means."},
            )
        self.words[field] = {word: found[word] for word in list(found)[: 2 * MOST_WORDS]}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.is_fixed:
            return data
        taken: dict[str, str] = {}
        for number, (column, chosen) in enumerate(self._chosen()):
            if chosen and chosen != DROP and chosen in taken:
                what = {HASH: "the patient's record number", SHARED: "the patient's number in all feeds"}.get(chosen) or FIELDS[chosen]
                self.add_error(f"column-{number}", f"“{taken[chosen]}” is read as {what} already. Choose one of the two.")
            taken.setdefault(chosen, column.header)
        if "source_key" not in taken:
            self.add_error(None, "Say which column holds the referral number: by it a referral is known when it is sent again.")
        if not taken.keys() & set(ANCHORS):
            self.add_error(None, "Say which column holds the date ordered, received or entered: by it a referral gets its month.")
        state = self._column_of("state")
        if state is not None and not state.patient and self.preview.words_of(state.header) is None:
            self.add_error(None, f"“{state.header}” has more than {MOST_WORDS} different words. A status has few; choose another column.")
        return data

    def mapping(self) -> Mapping:
        """The answers as a mapping; what this file does not show of the one before is kept."""
        chosen = self._chosen()
        words: dict[str, Any] = {}
        for field, (part, _) in WORDS.items():
            kept = {word: ours for word, ours in getattr(self.base, part).items()}
            for word in self.words.get(field, {}):
                kept = {old: ours for old, ours in kept.items() if word_key(old) != word_key(word)}
                ours = self.cleaned_data.get(word_field(field, word))
                if ours and ours != SKIP:
                    kept[word] = ours
            words[part] = kept
        return replace(
            self.base,
            sees=self.cleaned_data["sees"],
            dates=self.cleaned_data.get("dates", self.base.dates),
            columns={field: column.header for column, field in chosen if field in FIELDS},
            identifier=next((column.header for column, field in chosen if field == HASH), ""),
            enterprise=next((column.header for column, field in chosen if field == SHARED), ""),
            dropped=tuple(column.header for column, field in chosen if field == DROP),
            delimiter=self.base.delimiter or self.preview.delimiter,
            sheet=self.preview.sheet if len(self.preview.sheets) > 1 else "",
            **words,
        )


def _same(word: str, choices: Collection[tuple[str, Any]]) -> str:
    """One of our own words, when theirs is the same."""
    return next((ours for ours, _ in choices if ours == word_key(word)), "")
