"""What people type about referrals."""

from referrals.forms.feeds import MappingFileForm, RulesForm, SourceForm, TotalsForm
from referrals.forms.imports import UNDO_REASONS, LoadForm, MappingForm, MendedForm, UndoForm, UploadForm, word_field
from referrals.forms.market import MarketFileForm, MarketUndoForm
from referrals.forms.rows import DeleteForm, EditForm, LookupForm

__all__ = [
    "UNDO_REASONS",
    "DeleteForm",
    "EditForm",
    "LoadForm",
    "LookupForm",
    "MappingFileForm",
    "MappingForm",
    "MarketFileForm",
    "MarketUndoForm",
    "MendedForm",
    "RulesForm",
    "SourceForm",
    "TotalsForm",
    "UndoForm",
    "UploadForm",
    "word_field",
]
