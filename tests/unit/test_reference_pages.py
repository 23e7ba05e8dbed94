"""The component pages say what the component package's schema says."""

import pytest

from docs import comparison
from docs.reference import DOCS, pages, schema

PAGES = pages(schema())


@pytest.mark.parametrize("name", PAGES)
def test_a_component_page_is_what_the_schema_makes(name: str) -> None:
    written = (DOCS / "components" / name).read_text(encoding="utf-8")
    assert written == PAGES[name], "Run `make docs` and commit what it writes."


def test_there_is_no_page_of_a_component_that_is_gone() -> None:
    assert {page.name for page in (DOCS / "components").glob("*.md")} == set(PAGES)


def test_the_page_that_compares_clouds_is_what_their_tables_make() -> None:
    written = (DOCS / comparison.PAGE).read_text(encoding="utf-8")
    assert written == comparison.page(), "Run `make docs` and commit what it writes."
