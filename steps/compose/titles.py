"""What is written over a scene: strip, headline, credit, the presenter's name."""

from steps.compose.brand import Box
from steps.compose.motion import ease_in, ease_out, glide
from steps.compose.paths import reel, rounded
from steps.compose.sheet import Frames, Point, Sheet, Type
from steps.compose.typography import cap_height, fit, text_width

__all__ = ["add_credit", "add_headline", "add_name", "add_strip", "add_wordmark", "rise"]

RISING = 12
"""Frames a line of type takes to its place."""

SPACED = 0.16
"""Ems between the wordmark's letters."""


def add_strip(sheet: Sheet, title: str, frames: Frames) -> None:
    """The brand at the top left and the story's title at the top right, all the time."""
    brand, places, size = sheet.brand, sheet.brand.places, sheet.brand.sizes.strip
    middle = places.picture.top / 2 + 8
    baseline = middle + cap_height(size[0]) / 2
    mark = size[0] * 1.5
    sheet.shape(reel(mark), (places.picture.left, middle - mark / 2), frames, colour="accent")
    add_wordmark(sheet, (places.picture.left + mark + 16, baseline), Type(font=brand.fonts.black, em=size[0]), frames)
    shown = fit(title, brand.fonts.medium, places.presenter.right - places.picture.left - 420, size, 1)
    setting = Type(font=brand.fonts.medium, em=shown.size, colour="mist", anchor="right")
    sheet.text(shown.lines[0], setting, (places.presenter.right, baseline), frames)


def add_wordmark(sheet: Sheet, at: Point, setting: Type, frames: Frames) -> None:
    """The brand's name in spaced capitals; centred, it stands where its letters are, without the last one's space."""
    spacing = setting.em * SPACED
    name = sheet.brand.name.upper()
    left = at[0] if setting.anchor == "left" else at[0] - (text_width(name, setting.font, setting.em, spacing) - spacing) / 2
    spaced = Type(font=setting.font, em=setting.em, effects=f"\\fsp{spacing:.2f}{setting.effects}")
    sheet.text(name, spaced, (left, at[1]), frames)


def add_headline(sheet: Sheet, headline: str, place: Box, frames: Frames) -> None:
    """The headline at the lower left of the picture, beside a bar; both grow into place."""
    brand, inner = sheet.brand, 46
    shown = fit(headline, brand.fonts.black, place.width - 2 * inner - 30, brand.sizes.headline, 2)
    leading = shown.size * 1.16
    last = place.bottom - inner - 2
    first = last - leading * (len(shown.lines) - 1)
    top = first - cap_height(shown.size)
    start, end = frames
    height = last - top + 12
    for step in range(RISING):
        grown = height * ease_out((step + 1) / RISING)
        until = start + step + 1 if step + 1 < RISING else end
        at = (place.left + inner, top - 6 + height - grown)
        sheet.shape(rounded(8, max(8.0, grown), 4), at, (start + step, until), colour="accent")
    for number, line in enumerate(shown.lines):
        at = (place.left + inner + 30, first + number * leading)
        rise(sheet, line, shown.size, at, (start + 3 + 2 * number, end))


def rise(sheet: Sheet, line: str, size: int, at: Point, frames: Frames, way: float = 34) -> None:
    """A line of the heaviest type that rises into its place from `way` pixels below."""
    start, end = frames
    for step, place in enumerate(glide((0, way), at, RISING)):
        until = start + step + 1 if step + 1 < RISING else end
        setting = Type(font=sheet.brand.fonts.black, em=size, opacity=ease_out((step + 1) / RISING))
        sheet.shadowed_text(line, setting, place, (start + step, until))


def add_credit(sheet: Sheet, credit: str, place: Box, frames: Frames) -> None:
    """Who made the picture, in a dark pill at its upper right."""
    font = sheet.brand.fonts.medium
    shown = fit(credit, font, place.width - 140, sheet.brand.sizes.credit, 1)
    width = max(text_width(line, font, shown.size) for line in shown.lines) + 32
    leading = shown.size * 1.3
    height = cap_height(shown.size) + leading * (len(shown.lines) - 1) + 22
    left, top = place.right - 22 - width, place.top + 22
    sheet.shape(rounded(width, height, 18), (left, top), frames, colour="night", opacity=0.55)
    for number, line in enumerate(shown.lines):
        at = (left + 16, top + 11 + cap_height(shown.size) + number * leading)
        sheet.text(line, Type(font=font, em=shown.size, opacity=0.92), at, frames)


def add_name(sheet: Sheet, name: str, role: str, place: Box, frames: Frames) -> None:
    """The lower third: the presenter's name and role on a plate that slides in from the left of the panel and out again."""
    brand, inner = sheet.brand, place.width - 110
    called = fit(name, brand.fonts.black, inner, brand.sizes.name, 1)
    does = fit(role, brand.fonts.medium, inner, brand.sizes.role, 1)
    lines = [
        *((line, Type(font=brand.fonts.black, em=called.size)) for line in called.lines),
        *((line, Type(font=brand.fonts.medium, em=does.size, colour="mist")) for line in does.lines),
    ]
    baselines, below = [], 22.0
    for number, (_, setting) in enumerate(lines):
        below += cap_height(setting.em) + (17 if number else 0)
        baselines.append(below)
    height = below + 22
    width = max(280.0, *(text_width(line, setting.font, setting.em) for line, setting in lines)) + 68
    left, top = place.left + 20, place.bottom - 20 - height
    inside = f"\\clip({place.left},{place.top},{place.right},{place.bottom})"
    for moment, shift in sliding(frames, width + 40):
        at = left + shift
        sheet.shape(rounded(width, height, 14), (at, top), moment, colour="night", opacity=0.88, effects=inside, layer=20)
        sheet.shape(rounded(8, height - 36, 4), (at + 18, top + 18), moment, colour="accent", effects=inside, layer=21)
        for (line, setting), baseline in zip(lines, baselines, strict=True):
            clipped = Type(font=setting.font, em=setting.em, colour=setting.colour, effects=inside)
            sheet.text(line, clipped, (at + 44, top + baseline), moment, layer=22)


def sliding(frames: Frames, way: float) -> list[tuple[Frames, float]]:
    """Stretches of frames and how far left of its place something is that comes in and goes out again."""
    start, end = frames
    coming, going = min(16, (end - start) // 2), min(12, (end - start) // 2)
    return [
        *(((start + n, start + n + 1), -way * (1 - ease_out((n + 1) / coming))) for n in range(coming)),
        ((start + coming, end - going), 0.0),
        *(((end - going + n, end - going + n + 1), -way * ease_in((n + 1) / going)) for n in range(going)),
    ]
