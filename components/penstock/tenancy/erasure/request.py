"""What was asked for on the command line, checked as a whole before anything is reached."""

from __future__ import annotations

import argparse
import os
import ssl
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from penstock.data.redis.tenants import RESERVED_USERS
from penstock.names import name_problems
from penstock.tenancy.erasure.errors import ErasureError, without_secrets
from penstock.tenancy.erasure.redis_nodes import Address

PASSWORDS = {
    "postgres": "PENSTOCK_POSTGRES_PASSWORD",
    "redis": "PENSTOCK_REDIS_PASSWORD",
    "qdrant": "PENSTOCK_QDRANT_API_KEY",
}
"""The variables with the password, or with `_FILE` behind it the name of a file that holds it, of each store."""
_DRIVERS = {"postgres": "psycopg", "redis": "redis"}
_MOST_DAYS = 36500
_INSTALL = 'Install it with pip install "penstock[tenants]".'


class Request(NamedTuple):
    """An export, or a removal."""

    tenant: str
    out: Path
    recipients: list[str]
    report: Path | None
    postgres: str | None
    """A connection string of libpq."""
    postgres_password: str | None
    redis: Address | None
    qdrant: str | None
    """The address of its REST API, without a key."""
    qdrant_key: str | None
    qdrant_authority: str | None
    collections: list[str]
    """Those to look into; empty: all."""
    namespace: str
    backup_days: int | None
    """For how many days backups hold what is erased; None: nobody has said."""


def request(args: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> Request:
    """What `args` ask for. Raises ErasureError with all that is wrong, a line each."""
    problems = [*_problems(args)]
    secrets: dict[str, str | None] = {}
    urls: dict[str, SplitResult | None] = {}
    for store in PASSWORDS:
        secrets[store] = None
        if getattr(args, store):
            problems += _read_password(store, environment, secrets)
    if args.postgres:
        problems += _postgres_problems(args.postgres)
    for store, schemes in (("redis", ("redis", "rediss")), ("qdrant", ("http", "https"))):
        urls[store] = _url(getattr(args, store), schemes)
        if getattr(args, store) and urls[store] is None:
            problems.append(f"--{store}: This is no address. Write {schemes[1]}://HOST:PORT.")
    if problems:
        raise ErasureError("\n".join(problems))
    redis, qdrant = urls["redis"], urls["qdrant"]
    return Request(
        tenant=args.tenant,
        out=Path(args.out),
        recipients=list(dict.fromkeys(args.recipient)),
        report=Path(args.report) if args.report else None,
        postgres=args.postgres,
        postgres_password=secrets["postgres"],
        redis=redis
        and Address(
            str(redis.hostname),
            redis.port or 6379,
            unquote(redis.username) if redis.username else None,
            unquote(redis.password) if redis.password else secrets["redis"],
            redis.scheme == "rediss",
            args.redis_ca,
        ),
        qdrant=qdrant and qdrant._replace(netloc=qdrant.netloc.rpartition("@")[2]).geturl(),
        qdrant_key=unquote(qdrant.password) if qdrant and qdrant.password else secrets["qdrant"],
        qdrant_authority=args.qdrant_ca,
        collections=list(dict.fromkeys(args.collection)),
        namespace=getattr(args, "namespace", None) or f"tenant-{args.tenant}",
        backup_days=int(args.backup_days) if getattr(args, "backup_days", None) else None,
    )


def _problems(args: argparse.Namespace) -> Iterator[str]:
    for problem in name_problems(args.tenant, "tenant"):
        yield f"NAME: {problem}"
    if args.tenant in RESERVED_USERS:
        yield f"NAME: '{args.tenant}' is a user of Redis itself, and no tenant."
    if hasattr(args, "confirm") and args.confirm != args.tenant:
        yield f"--confirm: This erases all data of {args.tenant}. Write --confirm {args.tenant} if that is meant."
    for store in PASSWORDS:
        # As from a variable that is not set: the store would not be touched.
        if getattr(args, store) is not None and not getattr(args, store).strip():
            yield f"--{store}: This is empty. Write the address of the store, or drop it."
    if not any(getattr(args, store) for store in PASSWORDS):
        yield "Write at least one of --postgres, --redis and --qdrant: the stores in which the tenant has data."
    if args.collection and not args.qdrant:
        yield "--collection: This is of Qdrant. Write --qdrant, too."
    if "" in args.collection:
        yield "--collection: This is empty. Write the name of a shared collection, or drop it."
    days = getattr(args, "backup_days", None)
    if days is not None and not (days.isdecimal() and days.isascii() and int(days) <= _MOST_DAYS):
        yield f"--backup-days: Write a whole number of days, 0 to {_MOST_DAYS}."
    yield from _file_problems(args)
    yield from _recipient_problems(args.recipient)
    for store, driver in _DRIVERS.items():
        if getattr(args, store) and find_spec(driver) is None:
            yield f"--{store}: The Python package {driver} is missing. {_INSTALL}"


def _file_problems(args: argparse.Namespace) -> Iterator[str]:
    for option, path in (("--out", args.out), ("--report", args.report)):
        if path is not None and not _may_be_written(path):
            yield f"{option}: {path} cannot be written. Name a file in a folder that is there, and yours."
    if args.report and Path(args.report).absolute() == Path(args.out).absolute():
        yield "--report: This is the file of --out. Name another."
    if not hasattr(args, "confirm") and Path(args.out).is_file():
        yield f"--out: {args.out} exists already. Name another file."
    for option, path in (("--redis-ca", args.redis_ca), ("--qdrant-ca", args.qdrant_ca)):
        try:
            # Not the system's own, which it would have without a file.
            if path is not None:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path or os.devnull)
        except OSError:
            yield (
                f"{option}: {path} cannot be read as a certificate. Name the file with the certificate (PEM) of the "
                "store's authority."
            )


def _may_be_written(path: str) -> bool:
    """Whether a file may be put there: not in the place of a folder or a device, and under a name that is not too long
    for what is written beside it."""
    if not path:
        return False
    try:
        Path(f"{path}.journal.partial").exists()
        there = Path(path)
        return (there.is_file() or not there.exists()) and there.parent.is_dir() and os.access(there.parent, os.W_OK)
    except OSError:
        return False


def _recipient_problems(recipients: list[str]) -> Iterator[str]:
    if find_spec("pyrage") is None:
        yield f"--recipient: The Python package pyrage is missing. {_INSTALL}"
        return
    import pyrage  # type: ignore[import-untyped]

    for text in recipients:
        if text.upper().startswith("AGE-SECRET-KEY"):
            yield "--recipient: This is an identity, which decrypts. Keep it secret, and write its recipient: age1…"
            continue
        try:
            pyrage.x25519.Recipient.from_str(text)
        except pyrage.RecipientError:
            yield "--recipient: This is no recipient of age. Write the public key that `age-keygen` prints: age1…"


def _read_password(store: str, environment: Mapping[str, str], secrets: dict[str, str | None]) -> Iterator[str]:
    name = PASSWORDS[store]
    secrets[store] = environment.get(name)
    if path := environment.get(f"{name}_FILE"):
        try:
            secrets[store] = Path(path).read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError):
            yield f"{name}_FILE: {path} cannot be read as a text. Name the file that holds the password."


def _postgres_problems(url: str) -> Iterator[str]:
    if find_spec("psycopg") is None:
        return
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        said = without_secrets(str(error), [url]).strip().rstrip(".")
        shown = "" if "@" in url or "password" in url else f" ({said})"
        yield f"--postgres: This is no address{shown}. Write postgresql://USER@HOST:5432/DATABASE?sslmode=verify-full."


def _url(text: str | None, schemes: tuple[str, ...]) -> SplitResult | None:
    if not text:
        return None
    try:
        found = urlsplit(text)
        found.port  # noqa: B018 (a port that is none is found out here)
    except ValueError:
        return None
    return found if found.scheme in schemes and found.hostname and found.port != 0 else None
