"""What people type about referrals."""

from referrals.forms.feeds import RulesForm, SourceForm, TotalsForm
from referrals.forms.imports import LoadForm, MappingForm, MendedForm, UndoForm, UploadForm, word_field
from referrals.forms.rows import DeleteForm, EditForm, LookupForm

__all__ = [
    "DeleteForm",
    "EditForm",
    "LoadForm",
    "LookupForm",
    "MappingForm",
    "MendedForm",
    "RulesForm",
    "SourceForm",
    "TotalsForm",
    "UndoForm",
    "UploadForm",
    "word_field",
]
