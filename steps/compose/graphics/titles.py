"""Titles over a scene (strip, headline, credit, lower third) and the wipe between pieces, animated with cubic easing.

The wipe is a slanted band that runs over the picture at the end of one piece and off it at the start of the next. In between it
covers every pixel, so that pieces that were rendered separately are joined without a jump.
Easing: W3C CSS Easing Functions.
"""

from collections.abc import Callable

from steps.compose.graphics.brand import FRAME_HEIGHT, FRAME_WIDTH, Box
from steps.compose.graphics.overlay import (
    Frames,
    Overlay,
    Point,
    TextStyle,
    cap_height,
    fit_text,
    reel_path,
    rounded_path,
    slanted_path,
    text_width,
)


def ease_out(share: float) -> float:
    return float(1 - (1 - min(max(share, 0.0), 1.0)) ** 3)


def ease_in(share: float) -> float:
    return float(min(max(share, 0.0), 1.0) ** 3)


def glide(shift: tuple[float, float], at: tuple[float, float], frames: int) -> list[tuple[float, float]]:
    """Positions, one a frame, from `at + shift` to `at`."""
    left = [1 - ease_out((frame + 1) / frames) for frame in range(frames)]
    return [(at[0] + shift[0] * rest, at[1] + shift[1] * rest) for rest in left]


RISE_FRAMES = 12
"""Frames that a line takes to rise into place."""

WORDMARK_SPACING = 0.16
"""Ems between letters."""


def add_strip(overlay: Overlay, title: str, frames: Frames) -> None:
    """The brand at the top left and the story's title at the top right, throughout."""
    brand, places, size = overlay.brand, overlay.brand.places, overlay.brand.sizes.strip
    middle = places.picture.top / 2 + 8
    baseline = middle + cap_height(size[0]) / 2
    mark = size[0] * 1.5
    overlay.shape(reel_path(mark), (places.picture.left, middle - mark / 2), frames, colour="accent")
    add_wordmark(overlay, (places.picture.left + mark + 16, baseline), TextStyle(font=brand.fonts.black, em=size[0]), frames)
    fitted = fit_text(title, brand.fonts.medium, places.presenter.right - places.picture.left - 420, size, 1)
    style = TextStyle(font=brand.fonts.medium, em=fitted.size, colour="mist", anchor="right")
    overlay.text(fitted.lines[0], style, (places.presenter.right, baseline), frames)


def add_wordmark(overlay: Overlay, at: Point, style: TextStyle, frames: Frames) -> None:
    """The brand's name in spaced capitals; centred without the space after the last letter."""
    spacing = style.em * WORDMARK_SPACING
    name = overlay.brand.name.upper()
    left = at[0] if style.anchor == "left" else at[0] - (text_width(name, style.font, style.em, spacing) - spacing) / 2
    spaced = TextStyle(font=style.font, em=style.em, effects=f"\\fsp{spacing:.2f}{style.effects}")
    overlay.text(name, spaced, (left, at[1]), frames)


def add_headline(overlay: Overlay, headline: str, place: Box, frames: Frames) -> None:
    """The headline at the lower left of the picture, beside a bar; both grow into place."""
    brand, margin = overlay.brand, 46
    fitted = fit_text(headline, brand.fonts.black, place.width - 2 * margin - 30, brand.sizes.headline, 2)
    leading = fitted.size * 1.16
    last = place.bottom - margin - 2
    first = last - leading * (len(fitted.lines) - 1)
    top = first - cap_height(fitted.size)
    start, end = frames
    height = last - top + 12
    for step in range(RISE_FRAMES):
        grown = height * ease_out((step + 1) / RISE_FRAMES)
        until = start + step + 1 if step + 1 < RISE_FRAMES else end
        at = (place.left + margin, top - 6 + height - grown)
        overlay.shape(rounded_path(8, max(8.0, grown), 4), at, (start + step, until), colour="accent")
    for number, line in enumerate(fitted.lines):
        at = (place.left + margin + 30, first + number * leading)
        rise_in(overlay, line, fitted.size, at, (start + 3 + 2 * number, end))


def rise_in(overlay: Overlay, line: str, size: int, at: Point, frames: Frames, distance: float = 34) -> None:
    """A line of the heaviest font that rises into place from `distance` pixels below."""
    start, end = frames
    for step, place in enumerate(glide((0, distance), at, RISE_FRAMES)):
        until = start + step + 1 if step + 1 < RISE_FRAMES else end
        style = TextStyle(font=overlay.brand.fonts.black, em=size, opacity=ease_out((step + 1) / RISE_FRAMES))
        overlay.shadowed_text(line, style, place, (start + step, until))


def add_credit(overlay: Overlay, credit: str, place: Box, frames: Frames) -> None:
    """The picture's credit in a dark pill at its upper right."""
    font = overlay.brand.fonts.medium
    fitted = fit_text(credit, font, place.width - 140, overlay.brand.sizes.credit, 1)
    width = max(text_width(line, font, fitted.size) for line in fitted.lines) + 32
    leading = fitted.size * 1.3
    height = cap_height(fitted.size) + leading * (len(fitted.lines) - 1) + 22
    left, top = place.right - 22 - width, place.top + 22
    overlay.shape(rounded_path(width, height, 18), (left, top), frames, colour="night", opacity=0.55)
    for number, line in enumerate(fitted.lines):
        at = (left + 16, top + 11 + cap_height(fitted.size) + number * leading)
        overlay.text(line, TextStyle(font=font, em=fitted.size, opacity=0.92), at, frames)


def add_name(overlay: Overlay, name: str, role: str, place: Box, frames: Frames) -> None:
    """The lower third: the presenter's name and role on a plate that slides in from the left of the panel, and out."""
    brand, margin = overlay.brand, place.width - 110
    name_text = fit_text(name, brand.fonts.black, margin, brand.sizes.name, 1)
    role_text = fit_text(role, brand.fonts.medium, margin, brand.sizes.role, 1)
    lines = [
        *((line, TextStyle(font=brand.fonts.black, em=name_text.size)) for line in name_text.lines),
        *((line, TextStyle(font=brand.fonts.medium, em=role_text.size, colour="mist")) for line in role_text.lines),
    ]
    baselines, below = [], 22.0
    for number, (_, style) in enumerate(lines):
        below += cap_height(style.em) + (17 if number else 0)
        baselines.append(below)
    height = below + 22
    width = max(280.0, *(text_width(line, style.font, style.em) for line, style in lines)) + 68
    left, top = place.left + 20, place.bottom - 20 - height
    clip = f"\\clip({place.left},{place.top},{place.right},{place.bottom})"
    for moment, shift in slide_in_and_out(frames, width + 40):
        at = left + shift
        overlay.shape(rounded_path(width, height, 14), (at, top), moment, colour="night", opacity=0.88, effects=clip, layer=20)
        overlay.shape(rounded_path(8, height - 36, 4), (at + 18, top + 18), moment, colour="accent", effects=clip, layer=21)
        for (line, style), baseline in zip(lines, baselines, strict=True):
            clipped = TextStyle(font=style.font, em=style.em, colour=style.colour, effects=clip)
            overlay.text(line, clipped, (at + 44, top + baseline), moment, layer=22)


def slide_in_and_out(frames: Frames, distance: float) -> list[tuple[Frames, float]]:
    """Spans of frames, and the horizontal offset in each, of something that slides in from the left and out."""
    start, end = frames
    coming, going = min(16, (end - start) // 2), min(12, (end - start) // 2)
    return [
        *(((start + n, start + n + 1), -distance * (1 - ease_out((n + 1) / coming))) for n in range(coming)),
        ((start + coming, end - going), 0.0),
        *(((end - going + n, end - going + n + 1), -distance * ease_in((n + 1) / going)) for n in range(going)),
    ]


WIPE_FRAMES = 10
"""Frames in which the wipe covers the picture at the end of a piece, and in which it uncovers the next."""

WIPE_SLANT = 300.0
WIPE_LAYER = 90
WIPE_MARK_SIZE = 150


def wipe_over(overlay: Overlay, end: int) -> None:
    """Cover the picture in the last frames before `end`."""
    wipe(overlay, end - WIPE_FRAMES, lambda step: ease_in((step + 1) / WIPE_FRAMES) - 1)


def wipe_away(overlay: Overlay, start: int = 0) -> None:
    """Uncover the picture in the first frames from `start` on."""
    wipe(overlay, start, lambda step: ease_out(step / WIPE_FRAMES))


def wipe(overlay: Overlay, start: int, position: Callable[[int], float]) -> None:
    """Slanted bands moving from left to right; `position` of a step: -1 left of the frame, 0 covering it, 1 right of it."""
    width = FRAME_WIDTH + 2 * WIPE_SLANT + 200
    band = slanted_path(width, FRAME_HEIGHT, WIPE_SLANT)
    edge = slanted_path(WIPE_SLANT + 130, FRAME_HEIGHT, WIPE_SLANT)
    for step in range(WIPE_FRAMES):
        place = position(step) * (width + 260)
        left = place - WIPE_SLANT - 100
        frames = (start + step, start + step + 1)
        overlay.shape(band, (left, 0), frames, colour="deep", layer=WIPE_LAYER)
        for x in (left + width - WIPE_SLANT - 10, left - 130):
            overlay.shape(edge, (x, 0), frames, colour="accent", layer=WIPE_LAYER + 1)
        overlay.shape(
            reel_path(WIPE_MARK_SIZE),
            (left + width / 2 - WIPE_MARK_SIZE / 2, FRAME_HEIGHT / 2 - WIPE_MARK_SIZE / 2),
            frames,
            colour="paper",
            effects=f"\\org({left + width / 2:.1f},{FRAME_HEIGHT / 2})\\frz{-place / 6:.1f}",
            layer=WIPE_LAYER + 2,
        )
