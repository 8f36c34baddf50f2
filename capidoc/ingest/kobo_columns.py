"""Which columns KoboToolbox adds to those of the form, and how it names its sheets."""

from capidoc.core.parsing import matching_key
from capidoc.core.schema import END, NUMBER, SENDER, SENT, START, VALIDATION, VERSION

SUBMISSION_COLUMNS: tuple[str, ...] = ("_id", "_uuid", "_submission_time", "_validation_status")
SUBMISSION_COLUMNS += ("_notes", "_status", "_submitted_by", "__version__", "_tags")
SUBMISSION_COLUMNS += ("meta/rootUuid",)
# On each row of a repeat: its parent row, and the columns of its submission.
PARENT_COLUMNS = ["_parent_table_name", "_parent_index"]
PARENT_COLUMNS += [f"_submission_{name}" for name in SUBMISSION_COLUMNS]
OWN_COLUMNS = {"_index", *SUBMISSION_COLUMNS, *PARENT_COLUMNS}  # made by KoboToolbox alone
# Where an export names its submissions, KoboToolbox's own first.
UUID_HEADERS = ("_uuid", "KEY", "instanceID", "meta/instanceID")
SYSTEM_COLUMNS = {*UUID_HEADERS, *OWN_COLUMNS, "start", "end", "today", "deviceid", "username"}
SYSTEM_COLUMNS |= {"simserial", "subscriberid", "phonenumber", "audit", "meta/instanceName"}
# What is kept of a submission.
METADATA_NAMES = {"_submission_time": SENT, "_validation_status": VALIDATION, "_id": NUMBER}
METADATA_NAMES |= {"start": START, "end": END, "__version__": VERSION, "_submitted_by": SENDER}
SHEET_NAME_LENGTH = 31  # Excel's limit


def sheet_name(name: str) -> str:
    """Return the name of the sheet of a repeat, as KoboToolbox shortens it for Excel."""
    return name if len(name) <= SHEET_NAME_LENGTH else f"{name[: SHEET_NAME_LENGTH - 3]}..."


def sheet_key(name: str) -> str:
    """Return the key under which the sheet of a repeat, or a repeat, is found by name."""
    return matching_key(sheet_name(name))
