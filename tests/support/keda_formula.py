"""Evaluates what our formulas use of expr-lang, the language of KEDA's scalingModifiers: enough to ask them.

`a ? b : c`, `or`, `and`, `>`, `<`, `??`, `/`, `*`, `max(...)`, numbers, names and brackets. A name without a value is nil.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(\?\?|[?:()><,/*]|\d+(?:\.\d+)?|[A-Za-z_]\w*)")


def evaluate(formula: str, values: Mapping[str, float | None]) -> float:
    reader = _Reader(_tokens(formula), values)
    result = reader.ternary()
    assert reader.at == len(reader.tokens), f"left over: {reader.tokens[reader.at :]}"
    return float(result)


def _tokens(formula: str) -> list[str]:
    found, at = [], 0
    while at < len(formula.rstrip()):
        match = _TOKEN.match(formula, at)
        assert match, f"not understood: {formula[at:]}"
        found.append(match[1])
        at = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[str], values: Mapping[str, float | None]) -> None:
        self.tokens, self.values, self.at = tokens, values, 0

    def taken(self, *wanted: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in wanted:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def need(self, token: str) -> None:
        assert self.taken(token), f"no {token} in {self.tokens[self.at :]}"

    def ternary(self) -> Any:
        condition = self.either()
        if not self.taken("?"):
            return condition
        assert isinstance(condition, bool), "only a comparison decides"
        yes = self.ternary()
        self.need(":")
        no = self.ternary()
        return yes if condition else no

    def either(self) -> Any:
        value = self.both()
        while self.taken("or"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:
        value = self.comparison()
        while self.taken("and"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self) -> Any:
        left = self.quotient()
        sign = self.taken(">", "<")
        if sign is None:
            return left
        right = self.quotient()
        return left > right if sign == ">" else left < right

    def quotient(self) -> Any:
        value = self.filled()
        while sign := self.taken("/", "*"):
            other = self.filled()
            value = value / other if sign == "/" else value * other
        return value

    def filled(self) -> Any:
        value = self.atom()
        while self.taken("??"):
            other = self.atom()
            value = other if value is None else value
        return value

    def atom(self) -> Any:
        if self.taken("("):
            value = self.ternary()
            self.need(")")
            return value
        token = self.tokens[self.at]
        self.at += 1
        if token == "max":
            self.need("(")
            several = [self.ternary()]
            while self.taken(","):
                several.append(self.ternary())
            self.need(")")
            return max(several)
        return float(token) if token[0].isdigit() else self.values[token]
