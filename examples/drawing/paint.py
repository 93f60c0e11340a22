"""A small box of paint: shapes with smooth edges, gradients, glow and haze on one canvas."""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 1920, 1200
FINE = 2
"""Shapes are drawn this many times larger and reduced at the end."""

Colour = tuple[int, int, int]
Stops = Sequence[tuple[float, Colour]]
Point = tuple[float, float]


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def down(stops: Stops) -> np.ndarray:
    """A gradient from top to bottom: stops are (y, colour)."""
    return ramp(stops, HEIGHT)[:, None]


def across(stops: Stops) -> np.ndarray:
    """A gradient from left to right: stops are (x, colour)."""
    return ramp(stops, WIDTH)[None, :]


def ramp(stops: Stops, length: int) -> np.ndarray:
    at = np.arange(length * FINE) / FINE
    places, colours = zip(*stops, strict=True)
    return np.stack([np.interp(at, places, [colour[band] for colour in colours]) for band in range(3)], -1).astype(np.float32)


class Pen:
    """Draws into a mask in the picture's own coordinates."""

    def __init__(self, mask: Image.Image) -> None:
        self.draw = ImageDraw.Draw(mask)

    def polygon(self, points: Sequence[Point], value: int = 255) -> None:
        self.draw.polygon([(x * FINE, y * FINE) for x, y in points], fill=value)

    def box(self, left: float, top: float, right: float, bottom: float, corner: float = 0, value: int = 255) -> None:
        edges = [left * FINE, top * FINE, right * FINE - 1, bottom * FINE - 1]
        if edges[2] > edges[0] and edges[3] > edges[1]:
            self.draw.rounded_rectangle(edges, corner * FINE, fill=value)

    def oval(self, x: float, y: float, wide: float, high: float | None = None, value: int = 255) -> None:
        high = wide if high is None else high
        self.draw.ellipse([(x - wide) * FINE, (y - high) * FINE, (x + wide) * FINE, (y + high) * FINE], fill=value)

    def line(self, points: Sequence[Point], width: float, value: int = 255) -> None:
        """A stroke with round ends and joints."""
        self.draw.line([(x * FINE, y * FINE) for x, y in points], fill=value, width=max(1, round(width * FINE)))
        for x, y in points if width > 5 else ():
            self.oval(x, y, width / 2, value=value)

    def arch(self, left: float, top: float, right: float, bottom: float, value: int = 255) -> None:
        """A window or door with a round head."""
        radius = (right - left) / 2
        self.box(left, top + radius, right, bottom, value=value)
        self.oval(left + radius, top + radius, radius, value=value)


class Canvas:
    def __init__(self, ground: np.ndarray) -> None:
        self.pixels = np.array(np.broadcast_to(ground, (HEIGHT * FINE, WIDTH * FINE, 3)), np.float32)

    def mask(self, drawing: Callable[[Pen], None], blur: float = 0) -> np.ndarray:
        grey = Image.new("L", (WIDTH * FINE, HEIGHT * FINE), 0)
        drawing(Pen(grey))
        if blur:
            small = grey.resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(blur / 2))
            grey = small.resize(grey.size, Image.Resampling.BICUBIC)
        return np.asarray(grey, np.float32)[..., None] / 255

    def fill(self, paint: Colour | np.ndarray, drawing: Callable[[Pen], None], *, opacity: float = 1.0, blur: float = 0) -> None:
        """Paint what the drawing covers, in a colour or a gradient."""
        colour = np.asarray(paint, np.float32)
        self.pixels += (colour - self.pixels) * (self.mask(drawing, blur) * opacity)

    def light(self, colour: Colour, drawing: Callable[[Pen], None], *, strength: float = 1.0, blur: float = 0) -> None:
        """Add light where the drawing is: colours grow brighter, never darker (screen)."""
        glow = np.asarray(colour, np.float32) * (self.mask(drawing, blur) * strength) / 255
        self.pixels = 255 - (255 - self.pixels) * (1 - glow)

    def glow(self, colour: Colour, x: float, y: float, reach: float, strength: float = 1.0, flat: float = 1.0) -> None:
        """A round light that falls off from a point; `flat` squeezes it vertically."""
        rows = (np.arange(HEIGHT * FINE, dtype=np.float32)[:, None] / FINE - y) * flat
        columns = np.arange(WIDTH * FINE, dtype=np.float32)[None, :] / FINE - x
        fall = np.exp(-(rows**2 + columns**2) / (reach * reach) * 2)[..., None] * strength
        self.pixels = 255 - (255 - self.pixels) * (1 - np.asarray(colour, np.float32) / 255 * fall)

    def write(self, text: str, font: ImageFont.FreeTypeFont, x: float, y: float, colour: Colour, anchor: str = "mm") -> None:
        fine = font.font_variant(size=font.size * FINE)
        self.fill(colour, lambda pen: pen.draw.text((x * FINE, y * FINE), text, font=fine, fill=255, anchor=anchor))

    def vignette(self, strength: float = 0.35) -> None:
        rows = np.linspace(-1, 1, HEIGHT * FINE, dtype=np.float32)[:, None, None]
        columns = np.linspace(-1, 1, WIDTH * FINE, dtype=np.float32)[None, :, None]
        self.pixels *= 1 - strength * np.clip(np.hypot(rows * 0.9, columns) - 0.55, 0, 1)

    def finished(self) -> Image.Image:
        grain = np.random.default_rng(1).normal(0, 1.2, (HEIGHT * FINE, WIDTH * FINE, 1)).astype(np.float32)
        large = Image.fromarray(np.clip(self.pixels + grain, 0, 255).astype(np.uint8))
        return large.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def curve(points: Sequence[Point], steps: int = 24) -> list[Point]:
    """A smooth line through points (Catmull-Rom)."""
    knots = np.array([points[0], *points, points[-1]], float)
    path: list[Point] = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        t = np.linspace(0, 1, steps, endpoint=False)[:, None]
        line = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        path += [tuple(point) for point in line]
    return [*path, tuple(points[-1])]
