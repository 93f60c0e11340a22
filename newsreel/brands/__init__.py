"""Brands: the sheet that `compose` draws by, and the newsroom's pronunciations."""

from pathlib import Path

import yaml
from pydantic import TypeAdapter

from newsreel.story.pronunciation import Pronunciations

__all__ = ["brand_pronunciations", "brand_sheet"]

BRANDS_FOLDER = Path(__file__).parent


def brand_sheet(name: str) -> Path:
    """The file of a brand: part of the content key of everything that shows it."""
    return BRANDS_FOLDER / f"{name}.yaml"


def brand_pronunciations(name: str) -> dict[str, str]:
    """Words and their phones in ARPAbet, empty where the sheet has none. A fault in the sheet is a defect of ours."""
    sheet = yaml.safe_load(brand_sheet(name).read_text(encoding="utf-8"))
    pronunciations: dict[str, str] = TypeAdapter(Pronunciations).validate_python(sheet.get("pronunciations", {}))
    return pronunciations
