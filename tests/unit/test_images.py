"""Images that can be had: those of Bitnami's public repository are gone or frozen since September 2025."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KINDS = {".py", ".yaml", ".csv", ".json", ".sh", ".sql"}
PLACES = ("components", "infra", "docs/examples", "Pulumi.dev.yaml", "Pulumi.prod.yaml")


@pytest.mark.parametrize("place", PLACES)
def test_no_image_or_chart_of_bitnami_is_used(place: str) -> None:
    files = [ROOT / place, *(ROOT / place).rglob("*")]
    read = [file for file in files if file.suffix in KINDS and file.is_file()]
    assert read
    assert [str(file) for file in read if "bitnami" in file.read_text(encoding="utf-8").lower()] == []
