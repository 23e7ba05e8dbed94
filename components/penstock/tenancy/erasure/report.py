"""What a removal or an export has done, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from penstock.tenancy.erasure.request import PASSWORDS, Request
from penstock.tenancy.erasure.store import Counts, Store

FORMAT = 1
"""The version of the document; it rises where a reader of an older one would be wrong."""


class Outcome(StrEnum):
    """How it has ended."""

    EXPORTED = "exported"
    """The export is written, and nothing is changed."""
    ERASED = "erased"
    """The export is written, and nothing of the tenant is left in the stores."""
    LEFT = "left"
    """Something is there again, or still."""
    GONE = "gone"
    """There was nothing before."""


class Exported(NamedTuple):
    """The file of the export."""

    sha256: str
    bytes: int


class Report(NamedTuple):
    """See `document` for what each part is."""

    request: Request
    started: datetime
    finished: datetime
    outcome: Outcome
    stores: Sequence[Store]
    found: Mapping[str, Counts]
    exported: Mapping[str, Counts]
    file: Exported | None
    late: Mapping[str, Counts]
    left: Mapping[str, Counts]
    copies: Sequence[str]


def document(report: Report) -> dict[str, Any]:
    """The report as JSON. Counts are by store: `found` before, `exported`, `late` (what came after the export and is
    erased without being in it), `left`. `backups.until` is the last day on which backups hold the data."""
    asked, removed = report.request, report.outcome is not Outcome.EXPORTED
    stores = {
        store.name: {
            "at": store.title,
            "found": dict(report.found[store.name]),
            "exported": dict(report.exported.get(store.name, {})),
            "late": dict(report.late.get(store.name, {})),
            **({"left": dict(report.left[store.name])} if removed else {}),
        }
        for store in report.stores
    }
    file = report.file and {**report.file._asdict(), "file": str(asked.out), "recipients": asked.recipients}
    until = _until(report)
    return {
        "format": FORMAT,
        "tenant": asked.tenant,
        "outcome": report.outcome.value,
        "started": report.started.isoformat(timespec="seconds"),
        "finished": report.finished.isoformat(timespec="seconds"),
        "export": file,
        "stores": stores,
        "not_touched": [name for name in PASSWORDS if name not in stores],
        **({"backups": {"days": asked.backup_days, "until": until, "said": _backups(report)}} if removed else {}),
        "copies": list(report.copies),
        "remaining": _remaining(report),
    }


def text(report: Report) -> str:
    """The report for people."""
    asked = report.request
    lines = [_HEADS[report.outcome].format(tenant=asked.tenant), ""]
    for store in report.stores:
        lines.append(f"{store.title}")
        for what, counts in (("found", report.found), ("exported", report.exported), ("left", report.left)):
            if store.name in counts:
                lines.append(f"  {what + ':':10}{_counted(counts[store.name])}")
        if late := report.late.get(store.name):
            lines.append(f"  Written after the export, and erased without being in it: {_counted(late)}.")
    untouched = [name.title() for name in PASSWORDS if name not in {store.name for store in report.stores}]
    if untouched:
        lines += ["", f"Not named, so not looked into: {', '.join(untouched)}."]
    if report.file:
        lines += ["", f"Export: {asked.out}, {report.file.bytes:,} bytes", f"SHA-256: {report.file.sha256}"]
        lines.append(f"Only who has the identity of {' or '.join(asked.recipients)} can read it.")
    if report.outcome is not Outcome.EXPORTED:
        lines += ["", "Backups: " + _backups(report), *report.copies, *_remaining(report)]
    return "\n".join(lines) + "\n"


_HEADS = {
    Outcome.EXPORTED: "The data of the tenant {tenant} is exported. Nothing is changed.",
    Outcome.ERASED: "The tenant {tenant} is erased: nothing of it is left.",
    Outcome.LEFT: "Something of the tenant {tenant} is left. Find who still writes, then run this again.",
    Outcome.GONE: "The tenant {tenant} is gone: there was nothing of it. Nothing is changed, and no export is written.",
}


def _until(report: Report) -> str | None:
    days = report.request.backup_days
    return (report.finished + timedelta(days=days)).date().isoformat() if days else None


def _backups(report: Report) -> str:
    days = report.request.backup_days
    if days is None:
        return (
            "Nobody has said how long they are kept (--backup-days). Base backups, archived write-ahead logs and "
            "snapshots of volumes that were made before this hold the data until they are deleted."
        )
    if days == 0:
        return "There are none, as --backup-days 0 says."
    return (
        "Base backups, archived write-ahead logs and snapshots of volumes that were made before this hold the data "
        f"until {_until(report)}, {days} days from now."
    )


def _remaining(report: Report) -> list[str]:
    if report.outcome is Outcome.EXPORTED:
        return []
    return [
        f"Drop the tenant from the program, then `pulumi up` removes its namespace {report.request.namespace} with "
        "its Secrets, quota, policies and volumes. A volume whose StorageClass says Retain, and snapshots of it, have "
        "to be deleted where they are kept."
    ]


def _counted(counts: Counts) -> str:
    """`1 schema, 40 rows`."""
    named = ((name.replace("_", " "), count) for name, count in counts.items() if count)
    shown = [f"{count:,} {name.removesuffix('s') if count == 1 else name}" for name, count in named]
    return ", ".join(shown) or "nothing"
