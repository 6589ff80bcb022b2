"""Files of referrals in any format, read as rows under headers: tables as they are, FHIR and HL7 v2 flattened to fixed headers.

The format is told by what stands in the file, never by its name.
"""

from referrals.importing.formats.opening import FORMATS, guess_format, open_records
from referrals.importing.formats.records import Record, Records, Remark, Remarks

__all__ = ["FORMATS", "Record", "Records", "Remark", "Remarks", "guess_format", "open_records"]
