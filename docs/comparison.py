"""Writes docs/clouds.md from the tables by which the code itself refuses, so that it cannot go stale: `make docs`."""

from collections.abc import Iterator

from penstock.clouds import options_of
from penstock.options import Option, Support
from penstock.refs import Cloud

PAGE = "clouds.md"
_NAMES = {Cloud.GCP: "GKE", Cloud.AWS: "EKS", Cloud.AZURE: "AKS", Cloud.EXISTING: "existing"}
_MARKS = {Support.YES: "yes", Support.OTHERWISE: "otherwise", Support.REFUSED: "**no**"}
_INTRODUCTION = """\
# One description, every cloud

The same settings deploy to GKE, EKS, AKS and existing clusters. What a cloud does not have is refused, before anything
is changed, with the reason and what to write instead. This page is made from the tables by which the components
refuse (`components/penstock/nodes/*/data/options.csv`, `components/penstock/clusters/*/data/options.csv`).

**yes**: as the option says. **otherwise**: the cloud does it another way, which is told below. **no**: refused, with
the sentence below. Some combinations are refused besides, for example spot machines from a reservation: the refusal
says why.
"""


def page() -> str:
    """The text of the page."""
    parts = [_INTRODUCTION]
    for area, title in (("nodes", "A node pool"), ("clusters", "A cluster")):
        tables = {cloud: {_key(option): option for option in options_of(cloud, area)} for cloud in Cloud}
        parts += [f"## {title}\n", *_overview(tables), *_details(tables)]
    return "\n".join(parts)


def _key(option: Option) -> str:
    return option.path if option.value is None else f"{option.path}: {option.value}"


def _overview(tables: dict[Cloud, dict[str, Option]]) -> Iterator[str]:
    yield f"| option | {' | '.join(_NAMES.values())} |\n|---|{'---|' * len(_NAMES)}"
    for key in tables[Cloud.GCP]:
        marks = " | ".join(_MARKS[tables[cloud][key].support] for cloud in _NAMES)
        yield f"| `{key}` | {marks} |"
    yield ""


def _details(tables: dict[Cloud, dict[str, Option]]) -> Iterator[str]:
    for key in tables[Cloud.GCP]:
        told = [(cloud, tables[cloud][key]) for cloud in _NAMES if tables[cloud][key].text]
        if told:
            yield f"**`{key}`**\n"
            yield from (f"- {_NAMES[cloud]}, {_MARKS[option.support]}: {option.text}" for cloud, option in told)
            yield ""
