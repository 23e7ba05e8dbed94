"""`penstock tenant export` and `penstock tenant remove`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.tenancy.erasure.errors import ErasureError

if TYPE_CHECKING:
    from penstock.tenancy.erasure.report import Report
    from penstock.tenancy.erasure.request import Request
    from penstock.tenancy.erasure.store import Store

LEFT = 3
"""The exit code of a removal after which something is there again; 2 is a wrong command line."""
_CREDENTIALS = """\
Passwords are best not written into addresses, which others on this machine can see: the variables
PENSTOCK_POSTGRES_PASSWORD, PENSTOCK_REDIS_PASSWORD and PENSTOCK_QDRANT_API_KEY have them, or, with _FILE behind the
name, name a file each. Postgres also takes libpq's own PGPASSWORD and PGPASSFILE. What an address itself says comes
first.

Run it where every node of the stores is reached by the name that it announces: in the cluster, for example in a pod of
the namespace `services`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; 0: it worked, 1: it did not, and a text on the standard error says what to do, 3: something of
    the tenant is there again."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except ErasureError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("Interrupted. Run it again with the same options: it goes on from where it was.")
        return 1
    except BrokenPipeError:
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="penstock tenant", description="Takes a tenant's data out of the stores.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    export = commands.add_parser(
        "export",
        help="write a tenant's data into an encrypted file",
        description="Writes all data of a tenant into one file, a tar that is encrypted by age. Changes nothing.",
        epilog=_CREDENTIALS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    remove = commands.add_parser(
        "remove",
        help="export a tenant's data, then erase it everywhere",
        description="Locks a tenant out, writes all its data into one encrypted file, erases it from every store that\n"
        "is named, looks whether anything is left, and says until when backups hold it. What was interrupted goes\n"
        "on when it is run again with the same options.",
        epilog=_CREDENTIALS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for command in (export, remove):
        _add_common(command)
    remove.add_argument("--confirm", metavar="NAME", help="the tenant's name once more; without it nothing happens")
    remove.add_argument(
        "--backup-days",
        metavar="N",
        help="for how many days a backup holds what is erased: the retention, and the time between two base backups; "
        "0: there are none",
    )
    remove.add_argument("--namespace", help="the tenant's, for the report (default: tenant-NAME)")
    export.set_defaults(run=_export)
    remove.set_defaults(run=_remove)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tenant", metavar="NAME", help="the tenant")
    parser.add_argument(
        "--recipient",
        required=True,
        action="append",
        metavar="age1…",
        help="who can decrypt the export: a public key of age; repeat it for more",
    )
    parser.add_argument("--out", required=True, metavar="FILE", help="where the export goes")
    parser.add_argument("--report", metavar="FILE", help="writes the report there as JSON, too")
    parser.add_argument(
        "--postgres", metavar="URL", help="postgresql://USER@HOST:5432/DATABASE?sslmode=verify-full&sslrootcert=FILE"
    )
    parser.add_argument("--redis", metavar="URL", help="rediss://USER@HOST:6379, any node of the cluster")
    parser.add_argument("--redis-ca", metavar="FILE", help="the certificate of its authority (default: the system's)")
    parser.add_argument("--qdrant", metavar="URL", help="https://HOST:6333")
    parser.add_argument("--qdrant-ca", metavar="FILE", help="the certificate of its authority (default: the system's)")
    parser.add_argument(
        "--collection",
        action="append",
        default=[],
        metavar="NAME",
        help="a shared collection of Qdrant to look into; repeat it for more (default: all)",
    )


def _export(args: argparse.Namespace) -> int:
    from penstock.tenancy.erasure.request import request
    from penstock.tenancy.erasure.run import export

    asked = request(args)
    with _stores(asked) as stores:
        _give(export(asked, stores, _say))
    return 0


def _remove(args: argparse.Namespace) -> int:
    from penstock.tenancy.erasure.report import Outcome
    from penstock.tenancy.erasure.request import request
    from penstock.tenancy.erasure.run import finished, remove

    asked = request(args)
    with _stores(asked) as stores:
        report = remove(asked, stores, _say)
    _give(report)
    if report.outcome is Outcome.LEFT:
        return LEFT
    if report.outcome is Outcome.ERASED:
        finished(asked)
    return 0


@contextmanager
def _stores(asked: Request) -> Iterator[list[Store]]:
    """The stores that were named, connected when they are first asked."""
    from penstock.tenancy.erasure.postgres_store import PostgresStore
    from penstock.tenancy.erasure.qdrant_store import QdrantStore
    from penstock.tenancy.erasure.redis_store import RedisStore

    with ExitStack() as ends:
        made: list[Store] = []
        if asked.postgres:
            made.append(PostgresStore(asked.postgres, asked.postgres_password, asked.tenant))
        if asked.redis:
            made.append(RedisStore(asked.redis, asked.tenant))
        if asked.qdrant:
            key, authority = asked.qdrant_key, asked.qdrant_authority
            made.append(QdrantStore(asked.qdrant, key, authority, asked.collections, asked.tenant))
        for store in made:
            ends.callback(store.close)
        yield made


def _give(report: Report) -> None:
    """On the disk before anything depends on it."""
    from penstock.tenancy.erasure.report import document, text

    path = report.request.report
    if path:
        _write(path, json.dumps(document(report), indent=2, ensure_ascii=False) + "\n")
    print(text(report), end="", flush=True)  # noqa: T201 (it is a command)


def _write(path: Path, content: str) -> None:
    try:
        with path.open("w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ErasureError(f"{path} cannot be written: {error.strerror}. Write another path after --report.") from None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (it is a command)
