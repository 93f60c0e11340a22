"""A brand's sheet: what `compose` draws by, and how the newsroom says its words."""

from pathlib import Path

import yaml
from pydantic import TypeAdapter

from newsreel.story.pronunciation import Pronunciations

__all__ = ["brand_pronunciations", "brand_sheet"]

BRANDS_FOLDER = Path(__file__).parent


def brand_sheet(name: str) -> Path:
    """The file that a brand is read from: part of the key of all that shows it."""
    return BRANDS_FOLDER / f"{name}.yaml"


def brand_pronunciations(name: str) -> dict[str, str]:
    """Words and their phones in ARPAbet, empty where the sheet has none; a fault in it is a defect, not a person's mistake."""
    sheet = yaml.safe_load(brand_sheet(name).read_text(encoding="utf-8"))
    told: dict[str, str] = TypeAdapter(Pronunciations).validate_python(sheet.get("pronunciations", {}))
    return told
