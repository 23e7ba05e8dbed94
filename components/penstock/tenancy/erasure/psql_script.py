"""Runs a script that is written for psql through the driver, so that no other program is needed.

Of psql it knows what the scripts for tenants use: variables as :name, :'name' and :"name", `\\set`, `\\gexec`,
`\\g /dev/null` and `\\echo`; settings of the terminal mean nothing here. Anything else is an error, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

_TERMINAL = frozenset({"ON_ERROR_STOP", "QUIET"})
_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*)|(?P<dollar>\$\$.*?\$\$)|(?P<text>'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*")|(?P<cast>::)
    |(?P<variable>:(?:'\w+'|"\w+"|[a-z_]\w*))|(?P<meta>\\[^\n]*)|(?P<end>;)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def run(connection: psycopg.Connection[Any], script: str, variables: Mapping[str, str]) -> list[str]:
    """Runs a script on a connection that commits by itself. Returns the texts that its queries give out."""
    said = []
    for statement, ending in _statements(script, dict(variables)):
        cursor = connection.execute(statement.encode())
        rows = cursor.fetchall() if cursor.description else []
        if ending == "gexec":
            for row in rows:
                for one in filter(None, row):
                    made = connection.execute(one.encode())
                    said += [str(field) for got in (made.fetchall() if made.description else []) for field in got]
        elif ending == "print":
            said += [str(field) for row in rows for field in row]
    return said


def _statements(script: str, variables: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Statements, and what is done with their rows: `gexec`, `print` or `drop`."""
    waiting = ""
    for token in _TOKEN.finditer(script):
        kind, text = str(token.lastgroup), token.group()
        if kind == "comment":
            continue
        if kind == "variable":
            waiting += _value(text, variables)
        elif kind == "meta":
            command, *words = text[1:].split()
            if command in ("gexec", "g"):
                if words not in ([], ["/dev/null"]):
                    raise ValueError(f"{text} is nothing that is known here.")
                yield waiting, "gexec" if command == "gexec" else "drop" if words else "print"
                waiting = ""
            elif command == "set" and words[0] not in _TERMINAL:
                variables[words[0]] = "".join(_plain(word, variables) for word in words[1:])
            elif command not in ("set", "pset", "echo"):
                raise ValueError(f"{text} is nothing that is known here.")
        elif kind == "end":
            if waiting.strip():
                yield waiting, "print"
            waiting = ""
        else:
            waiting += text
    if waiting.strip():
        raise ValueError(f"'{waiting.strip()}' has no end.")


def _plain(word: str, variables: Mapping[str, str]) -> str:
    return variables[word[1:]] if word.startswith(":") else word


def _value(token: str, variables: Mapping[str, str]) -> str:
    name, quote = token[1:].strip("'\""), token[1]
    value = variables[name]
    return quote + value.replace(quote, quote * 2) + quote if quote in "'\"" else value
