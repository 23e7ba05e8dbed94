"""Exporting a tenant, and removing it: looked at, locked out, exported, compared, erased, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from penstock.tenancy.erasure.archive import archived
from penstock.tenancy.erasure.errors import ErasureError
from penstock.tenancy.erasure.journal import Journal, counts, digest
from penstock.tenancy.erasure.report import Exported, Outcome, Report
from penstock.tenancy.erasure.request import Request
from penstock.tenancy.erasure.store import Counts, Store

Say = Callable[[str], None]


def export(request: Request, stores: Sequence[Store], say: Say) -> Report:
    """Writes the export and changes nothing. Raises ErasureError where there is nothing, or a store is away."""
    started = datetime.now(UTC)
    found = _look(stores)
    if not _anything(found):
        raise ErasureError(f"Nothing of {request.tenant} is in {_titles(stores)}, so nothing is written.")
    sha256, size, exported = _write(request, stores, started, say)
    return Report(
        request,
        started,
        datetime.now(UTC),
        Outcome.EXPORTED,
        stores,
        found,
        exported,
        Exported(sha256, size),
        {},
        {},
        [],
    )


def remove(request: Request, stores: Sequence[Store], say: Say) -> Report:
    """Removes the tenant's data. What was interrupted goes on: an export that is complete is kept once the erasure has
    begun. Raises ErasureError where a store is away or the export is not what is there: nothing is erased then."""
    started = datetime.now(UTC)
    journal = Journal.read(request.out)
    if journal:
        journal.check(request.tenant, [store.name for store in stores], request.out)
    now = _look(stores)
    if not _anything(now) and not (journal and journal.erasing):
        return Report(request, started, datetime.now(UTC), Outcome.GONE, stores, now, {}, None, {}, now, [])
    if not (journal and journal.erasing):
        if digest(request.out) not in (None, journal.sha256 if journal else None):
            raise ErasureError(f"{request.out} exists already, and is not of this removal. Name another --out.")
        # Of a run that was interrupted before it erased anything: what it wrote is all still there.
        request.out.unlink(missing_ok=True)
        journal = _exported(request, stores, now, started, say)
    else:
        say("An interrupted removal goes on: its export is complete.")
    there = _look(stores)
    late = {store.name: _more(store, there[store.name], journal.exported[store.name]) for store in stores}
    told = []
    for store in stores:
        say(f"Erasing from {store.title} …")
        told += store.erase()
    left = _look(stores)
    told += [line for store in stores for line in store.copies()]
    outcome = Outcome.LEFT if _anything(left) else Outcome.ERASED
    file, ended = Exported(journal.sha256, journal.bytes), datetime.now(UTC)
    return Report(request, started, ended, outcome, stores, journal.found, journal.exported, file, late, left, told)


def finished(request: Request) -> None:
    """When the report of a removal that leaves nothing is written: the next run begins anew."""
    Journal.remove(request.out)


def _exported(
    request: Request, stores: Sequence[Store], found: Mapping[str, Counts], started: datetime, say: Say
) -> Journal:
    """Locks the tenant out, exports all, and compares. Lets it in again if that fails."""
    with ExitStack() as undo:
        for store in stores:
            locked = store.lock_out()
            undo.callback(_let_in, store, locked, say)
        sha256, size, written = _write(request, stores, started, say, found)
        journal = Journal(
            request.tenant, [store.name for store in stores], sha256, size, counts(found), counts(written), False
        )
        there = _look(stores)
        problems = [line for store in stores for line in _unlike(store, there[store.name], written[store.name])]
        if problems:
            raise ErasureError("\n".join([*problems, "Nothing is erased. Find who still writes, then run this again."]))
        journal = journal._replace(erasing=True)
        journal.write(request.out)
        undo.pop_all()
    return journal


def _let_in(store: Store, locked: Sequence[str], say: Say) -> None:
    try:
        store.let_in(locked)
    except ErasureError as error:
        say(f"{error} Until then the tenant is locked out of {', '.join(locked)}.")


def _write(
    request: Request, stores: Sequence[Store], started: datetime, say: Say, removal: Mapping[str, Counts] | None = None
) -> tuple[str, int, dict[str, Counts]]:
    written: dict[str, Counts] = {}
    about = {"tenant": request.tenant, "made": started.isoformat(timespec="seconds"), "by": f"penstock {_version()}"}
    with archived(request.out, request.recipients, about) as archive:
        for store in stores:
            say(f"Exporting from {store.title} …")
            written[store.name] = store.export(archive)
        archive.note(counts=counts(written))
    if removal is not None:
        names = [store.name for store in stores]
        # Before the file has its name, so that whoever finds the file finds out whose it is.
        Journal(request.tenant, names, archive.sha256, archive.bytes, counts(removal), counts(written), False).write(
            request.out
        )
    archive.publish()
    return archive.sha256, archive.bytes, written


def _look(stores: Sequence[Store]) -> dict[str, Counts]:
    return {store.name: store.look() for store in stores}


def _anything(found: Mapping[str, Counts]) -> bool:
    return any(count for each in found.values() for count in each.values())


def _unlike(store: Store, there: Counts, written: Counts) -> list[str]:
    """What is there and not in the export, or the other way round."""
    said = []
    for name in store.data:
        more = there[name] > written[name]
        if more or (there[name] != written[name] and not store.shrinks):
            said.append(
                f"{store.title} has {there[name]:,} {name.replace('_', ' ')} now, and the export {written[name]:,}."
            )
    return said


def _more(store: Store, there: Counts, written: Counts) -> dict[str, int]:
    """What has come since the export."""
    return {name: there[name] - written[name] for name in store.data if there[name] > written[name]}


def _titles(stores: Sequence[Store]) -> str:
    return " or ".join(store.title for store in stores)


def _version() -> str:
    try:
        return version("penstock")
    except PackageNotFoundError:
        return "of a working copy"
