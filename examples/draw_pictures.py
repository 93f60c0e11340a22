"""Draw the pictures of `examples/budget.yaml`: `python examples/draw_pictures.py [NAME ...]` writes to `examples/pictures/`."""

import sys
from pathlib import Path

from drawing.council import council
from drawing.council_tax import council_tax
from drawing.library import library
from drawing.park import park
from drawing.town_hall import town_hall
from drawing.tram import tram

PICTURES = {
    "town-hall": town_hall,
    "council-tax": council_tax,
    "tram": tram,
    "library": library,
    "park": park,
    "council": council,
}


def main(names: list[str]) -> None:
    folder = Path(__file__).parent / "pictures"
    folder.mkdir(exist_ok=True)
    for name in names or PICTURES:
        picture = PICTURES[name]().finished()
        picture.save(folder / f"{name}.jpg", quality=88, optimize=True, progressive=True)
        print(f"{folder / name}.jpg", (folder / f"{name}.jpg").stat().st_size // 1000, "kB")


if __name__ == "__main__":
    main(sys.argv[1:])
