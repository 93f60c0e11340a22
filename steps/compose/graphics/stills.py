"""Static layers of a brand as PNG files for the filter graphs: background, shadows, masks and highlights.

The same brand always gives the same pixels.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from steps.compose.graphics.brand import FRAME_HEIGHT, FRAME_WIDTH, Box, Brand

DRIFT = 160
"""Pixels by which the background is wider than the frame, so that it can move."""

SUPERSAMPLING = 4
"""Masks are drawn so many times larger and scaled down, for smooth edges."""

Plane = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Stills:
    """Paths of the layers: masks are grey, `background` is RGB, the others are RGBA."""

    background: Path
    shadow: Path
    picture_mask: Path
    picture_light: Path
    presenter_mask: Path
    presenter_light: Path
    title_gradient: Path


def draw_stills(brand: Brand, folder: Path) -> Stills:
    """Draw all layers of a brand into a folder."""
    picture, presenter = brand.places.picture, brand.places.presenter
    drawings = {
        "background": draw_background(brand),
        "shadow": panel_shadows(brand),
        "picture_mask": panel_mask(picture, brand.places.corner),
        "picture_light": panel_light(picture, brand, headline_gradient(picture)),
        "presenter_mask": panel_mask(presenter, brand.places.corner),
        "presenter_light": panel_light(presenter, brand, vignette(presenter)),
        "title_gradient": title_gradient(brand),
    }
    for name, drawing in drawings.items():
        drawing.save(folder / f"{name}.png", compress_level=1)
    return Stills(**{name: folder / f"{name}.png" for name in drawings})


def shadow_box(brand: Brand) -> Box:
    """The part of the frame that the panels' shadows cover."""
    left, right = brand.places.picture, brand.places.presenter
    margin = 60
    return Box(left.left - margin, left.top - margin, right.right - left.left + 2 * margin, left.height + 2 * margin)


def axes(width: int, height: int) -> tuple[Plane, Plane]:
    """Row and column coordinates from 0 to 1, ready to be broadcast."""
    return np.linspace(0, 1, height, dtype=np.float32)[:, None], np.linspace(0, 1, width, dtype=np.float32)[None, :]


def draw_background(brand: Brand) -> Image.Image:
    """A dark colour lit from the upper left, with slanted beams of light, wider than the frame by `DRIFT`."""
    width, height = FRAME_WIDTH + DRIFT, FRAME_HEIGHT
    rows, columns = axes(width, height)
    colours = {name: np.array(brand.colours[name], np.float32) for name in ("night", "deep", "glow")}
    aspect = width / height
    fall = np.clip(rows * 0.75 + columns * 0.25, 0, 1)[..., None]
    paint = colours["deep"] * (1 - fall) + colours["night"] * fall
    for x, y, reach, strength in ((0.16, 0.0, 0.75, 0.62), (0.98, 0.95, 0.65, 0.38)):
        distance = np.hypot((columns - x) * aspect, rows - y) / reach
        paint += (colours["glow"] - paint) * (np.exp(-(distance**2) * 2.2) * strength)[..., None]
    slope = columns * aspect + rows * 0.28
    beams = np.zeros((height, width), np.float32)
    for start, breadth, strength in ((0.18, 0.34, 0.05), (0.82, 0.16, 0.035), (1.30, 0.42, 0.045), (1.62, 0.08, 0.03)):
        edge = 0.012
        beams += strength * np.clip((slope - start) / edge, 0, 1) * np.clip((start + breadth - slope) / edge, 0, 1)
    paint += beams[..., None] * np.array((150, 185, 255), np.float32)
    grain = np.random.default_rng(3).normal(0, 0.9, (height, width, 1)).astype(np.float32)  # dithering, against banding
    return Image.fromarray(np.clip(paint + grain, 0, 255).astype(np.uint8))


def draw_rounded_rectangle(
    size: tuple[int, int], box: tuple[float, float, float, float], corner: float, line: float = 0
) -> Image.Image:
    """A grey picture of an anti-aliased rectangle with round corners, filled or outlined."""
    large = Image.new("L", (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING), 0)
    edges = [box[0] * SUPERSAMPLING, box[1] * SUPERSAMPLING, box[2] * SUPERSAMPLING - 1, box[3] * SUPERSAMPLING - 1]
    pen = ImageDraw.Draw(large)
    if line:
        pen.rounded_rectangle(edges, corner * SUPERSAMPLING, outline=255, width=round(line * SUPERSAMPLING))
    else:
        pen.rounded_rectangle(edges, corner * SUPERSAMPLING, fill=255)
    return large.resize(size, Image.Resampling.BOX)


def panel_mask(place: Box, corner: int) -> Image.Image:
    return draw_rounded_rectangle((place.width, place.height), (0, 0, place.width, place.height), corner)


def panel_shadows(brand: Brand) -> Image.Image:
    """A soft shadow that falls a little below each panel."""
    reach = shadow_box(brand)
    opacity_map = Image.new("L", (reach.width, reach.height), 0)
    for place in (brand.places.picture, brand.places.presenter):
        left, top = place.left - reach.left, place.top - reach.top + 12
        ImageDraw.Draw(opacity_map).rounded_rectangle(
            (left + 4, top, left + place.width - 4, top + place.height), brand.places.corner, fill=190
        )
    shadow = Image.new("RGBA", opacity_map.size, (*brand.colours["night"], 0))
    shadow.putalpha(opacity_map.filter(ImageFilter.GaussianBlur(22)))
    return shadow


def headline_gradient(place: Box) -> Plane:
    """Opacity of the dark gradient under the headline: from 0 at half height to strong at the bottom, a little at the top."""
    rows, columns = axes(place.width, place.height)
    foot = np.clip((rows - 0.50) / 0.50, 0, 1) ** 1.15 * 0.90
    top = np.clip((0.2 - rows) / 0.2, 0, 1) ** 2 * 0.22
    return np.asarray(foot * (1 - 0.18 * columns) + top, np.float32)


def vignette(place: Box) -> Plane:
    """Opacity of the darkening towards the corners of a panel."""
    rows, columns = axes(place.width, place.height)
    away = np.hypot((columns - 0.5) * 1.25, (rows - 0.42) * 1.15)
    return np.asarray(np.clip((away - 0.34) / 0.55, 0, 1) ** 1.6 * 0.62, np.float32)


def panel_light(place: Box, brand: Brand, opacity_map: Plane) -> Image.Image:
    """A panel's dark gradient with a fine light line around its edge, cut to its round corners."""
    size, corner = (place.width, place.height), brand.places.corner
    mask = np.asarray(panel_mask(place, corner), np.float32) / 255
    rows, _ = axes(*size)
    line = np.asarray(draw_rounded_rectangle(size, (0, 0, *size), corner, line=1.5), np.float32) / 255 * (0.34 - 0.22 * rows)
    opacity = opacity_map + line - opacity_map * line
    bright = np.divide(line, opacity, out=np.zeros_like(opacity), where=opacity > 0)[..., None]
    colour = np.array(brand.colours["night"], np.float32) * (1 - bright) + 255 * bright
    layers = np.dstack([colour, opacity * mask * 255])
    return Image.fromarray(np.clip(layers + 0.5, 0, 255).astype(np.uint8), "RGBA")


def title_gradient(brand: Brand) -> Image.Image:
    """The dark gradient over the opening's picture: strong at the left, behind the title, and at the bottom."""
    rows, columns = axes(FRAME_WIDTH, FRAME_HEIGHT)
    left = 1 / (1 + np.exp((columns - 0.52) * 7.5))
    opacity = np.clip(0.10 + left * 0.80 + np.clip(rows - 0.7, 0, 1) * 0.5, 0, 0.94)
    colour = np.array(brand.colours["night"], np.float32) * 0.5 + np.array(brand.colours["deep"], np.float32) * 0.5
    layers = np.dstack([np.broadcast_to(colour, (FRAME_HEIGHT, FRAME_WIDTH, 3)), opacity * 255])
    return Image.fromarray(np.clip(layers + 0.5, 0, 255).astype(np.uint8), "RGBA")
