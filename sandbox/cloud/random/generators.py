"""One generator per type: from inputs to id and outputs, and from an import id to both.

Source of the rules: hashicorp/terraform-provider-random internal/provider@ad788e233bb42be5ecad3ba8f43de0d9d9dc7185.
"""

from __future__ import annotations

import base64
import math
import os
import random
import secrets
import string
import time
import uuid
from abc import ABC, abstractmethod
from typing import NamedTuple

import bcrypt

from sandbox.cloud.errors import CloudError
from sandbox.cloud.random.words import pet
from sandbox.cloud.values import Properties

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_SYSTEM = random.SystemRandom()
_BCRYPT_READS = 72


class Made(NamedTuple):
    """A generated thing: its id, and what it has beside its inputs."""

    id: str
    outputs: Properties


class Generator(ABC):
    """Makes one type of thing."""

    @abstractmethod
    def make(self, inputs: Properties) -> Made:
        """A new one."""

    def adopt(self, text: str) -> tuple[Properties, Made]:
        """Inputs and outputs of one that exists, from its import id."""
        raise CloudError(f"This type cannot be imported; {text!r} says nothing about it.")


class Text(Generator):
    """RandomString."""

    def make(self, inputs: Properties) -> Made:
        result = self._generate(inputs)
        return Made(result, {"result": result, **_numeric(inputs)})

    def adopt(self, text: str) -> tuple[Properties, Made]:
        return {"length": len(text)}, Made(text, {"result": text})

    @staticmethod
    def _generate(inputs: Properties) -> str:
        classes = [
            (string.ascii_lowercase, inputs["lower"], inputs["minLower"]),
            (string.ascii_uppercase, inputs["upper"], inputs["minUpper"]),
            (string.digits, _numeric(inputs)["numeric"], inputs["minNumeric"]),
            (inputs.get("overrideSpecial") or _SPECIAL, inputs["special"], inputs["minSpecial"]),
        ]
        allowed = "".join(letters for letters, wanted, _ in classes if wanted)
        letters = [secrets.choice(letters) for letters, _, least in classes for _ in range(least)]
        letters += [secrets.choice(allowed) for _ in range(inputs["length"] - len(letters))]
        _SYSTEM.shuffle(letters)
        return "".join(letters)


class Password(Text):
    """RandomPassword: a RandomString whose id tells nothing."""

    def make(self, inputs: Properties) -> Made:
        return self._hashed(self._generate(inputs), _numeric(inputs))

    def adopt(self, text: str) -> tuple[Properties, Made]:
        return {"length": len(text)}, self._hashed(text, {})

    @staticmethod
    def _hashed(result: str, more: Properties) -> Made:
        digest = bcrypt.hashpw(result.encode()[:_BCRYPT_READS], bcrypt.gensalt(rounds=10, prefix=b"2a"))
        return Made("none", {"result": result, "bcryptHash": digest.decode(), **more})


class Id(Generator):
    """RandomId."""

    def make(self, inputs: Properties) -> Made:
        return self._of(os.urandom(inputs["byteLength"]), inputs.get("prefix") or "")

    def adopt(self, text: str) -> tuple[Properties, Made]:
        prefix, _, encoded = text.rpartition(",")
        try:
            content = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise CloudError(f'"{text}" is no id of a RandomId: URL-safe base64 is wanted.') from None
        inputs: Properties = {"byteLength": len(content)} | ({"prefix": prefix} if prefix else {})
        return inputs, self._of(content, prefix)

    @staticmethod
    def _of(content: bytes, prefix: str) -> Made:
        url = base64.urlsafe_b64encode(content).decode().rstrip("=")
        outputs = {
            "b64Url": prefix + url,
            "b64Std": prefix + base64.b64encode(content).decode(),
            "hex": prefix + content.hex(),
            "dec": prefix + str(int.from_bytes(content)),
        }
        return Made(url, outputs)


class Bytes(Generator):
    """RandomBytes."""

    def make(self, inputs: Properties) -> Made:
        return self._of(os.urandom(inputs["length"]))

    def adopt(self, text: str) -> tuple[Properties, Made]:
        try:
            content = base64.b64decode(text, validate=True)
        except ValueError:
            raise CloudError("The import id of a RandomBytes is its content as base64; this is none.") from None
        return {"length": len(content)}, self._of(content)

    @staticmethod
    def _of(content: bytes) -> Made:
        return Made("none", {"base64": base64.b64encode(content).decode(), "hex": content.hex()})


class Integer(Generator):
    """RandomInteger: the same seed gives the same number."""

    def make(self, inputs: Properties) -> Made:
        low, high = inputs["min"], inputs["max"]
        if low > high:
            raise CloudError(f"The minimum {low} must not be above the maximum {high}.")
        result = _source(inputs).randint(low, high)
        return Made(str(result), {"result": result})

    def adopt(self, text: str) -> tuple[Properties, Made]:
        parts = text.split(",")
        try:
            result, low, high = (int(part) for part in parts[:3])
        except ValueError:
            raise CloudError(f'"{text}" is no import id; write "result,min,max" or "result,min,max,seed".') from None
        inputs: Properties = {"min": low, "max": high} | ({"seed": parts[3]} if len(parts) > 3 else {})
        return inputs, Made(str(result), {"result": result})


class Shuffle(Generator):
    """RandomShuffle: permutations one after the other until there are enough."""

    def make(self, inputs: Properties) -> Made:
        items = list(inputs["inputs"])
        count = inputs["resultCount"] if inputs.get("resultCount") is not None else len(items)
        source = _source(inputs)
        rounds = math.ceil(count / len(items)) if items else 0
        shuffled = [item for _ in range(rounds) for item in source.sample(items, len(items))]
        return Made("-", {"results": shuffled[:count]})


class Pet(Generator):
    """RandomPet."""

    def make(self, inputs: Properties) -> Made:
        words = [inputs["prefix"]] if inputs.get("prefix") else []
        name = inputs["separator"].join([*words, *pet(inputs["length"], _SYSTEM)])
        return Made(name, {})


class Uuid(Generator):
    """RandomUuid and RandomUuid4; with `by_time`, RandomUuid7."""

    def __init__(self, by_time: bool = False) -> None:
        self._by_time = by_time

    def make(self, inputs: Properties) -> Made:
        result = str(_uuid7() if self._by_time else uuid.uuid4())
        return Made(result, {"result": result})

    def adopt(self, text: str) -> tuple[Properties, Made]:
        try:
            result = str(uuid.UUID(text))
        except ValueError:
            raise CloudError(f'"{text}" is no UUID.') from None
        return {}, Made(result, {"result": result})


def _uuid7() -> uuid.UUID:
    """Milliseconds since 1970 in 48 bits, then version, variant and 74 random bits (RFC 9562)."""
    number = int(time.time() * 1000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return uuid.UUID(int=number)


def _source(inputs: Properties) -> random.Random:
    seed = inputs.get("seed")
    return random.Random(seed) if seed else _SYSTEM


def _numeric(inputs: Properties) -> Properties:
    """`number` is the old spelling of `numeric`; each follows the other."""
    value = inputs.get("numeric", inputs.get("number", True))
    return {"numeric": value, "number": value}


GENERATORS: dict[str, Generator] = {
    "random:index/randomBytes:RandomBytes": Bytes(),
    "random:index/randomId:RandomId": Id(),
    "random:index/randomInteger:RandomInteger": Integer(),
    "random:index/randomPassword:RandomPassword": Password(),
    "random:index/randomPet:RandomPet": Pet(),
    "random:index/randomShuffle:RandomShuffle": Shuffle(),
    "random:index/randomString:RandomString": Text(),
    "random:index/randomUuid:RandomUuid": Uuid(),
    "random:index/randomUuid4:RandomUuid4": Uuid(),
    "random:index/randomUuid7:RandomUuid7": Uuid(by_time=True),
}
