"""What is wrong with something that was asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `path` is relative to what reports it, `reason` says what to write instead."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def below(self, where: str) -> "Problem":
        """The same, told by what has it at the path `where`."""
        return Problem(f"{where}.{self.path}" if self.path else where, self.reason)


class InvalidSpec(ValueError):  # noqa: N818 (it reads as what is wrong)
    """A specification that cannot be planned; `problems` holds every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
