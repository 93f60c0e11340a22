"""The pieces of a video as ffmpeg graphs and ASS overlays: opening, scene, closing, and the poster.

A scene's graph composes background, picture and presenter from still layers and two inputs, and draws its overlay on them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ffmpeg

from newsreel.artifacts import FRAME_RATE, Speech
from steps.compose.ffmpeg_graph import VIDEO
from steps.compose.graphics.brand import FONTS, FRAME_HEIGHT, FRAME_WIDTH, Brand
from steps.compose.graphics.captions import add_captions, cues_of
from steps.compose.graphics.overlay import Overlay, TextStyle, cap_height, fit_text, reel_path, rounded_path
from steps.compose.graphics.stills import DRIFT, Stills, shadow_box
from steps.compose.graphics.titles import (
    WIPE_FRAMES,
    add_credit,
    add_headline,
    add_name,
    add_strip,
    add_wordmark,
    ease_out,
    rise_in,
    wipe_away,
    wipe_over,
)
from steps.compose.specs import CLOSING_FRAMES, OPENING_FRAMES, SceneSpec

ZOOM = 0.07
"""Fraction by which a picture grows over a piece, whatever its length."""

BT709 = {"out_color_matrix": "bt709", "out_range": "tv"}


def still_input(path: Path) -> Any:
    """A picture file as a stream of one frame."""
    return ffmpeg.input(str(path), framerate=FRAME_RATE)


def to_bt709(stream: Any, pixel_format: str) -> Any:
    """Convert a stream to BT.709 in limited range."""
    return stream.filter("scale", **BT709, flags="bicubic+accurate_rnd+full_chroma_int").filter("format", pixel_format)


def hold_frame(stream: Any, pixel_format: str) -> Any:
    """Convert a stream's only frame once and repeat it without end."""
    return to_bt709(stream, pixel_format).filter("loop", loop=-1, size=1)


def apply_mask(stream: Any, mask: Path) -> Any:
    """Use a grey picture as the alpha channel of a stream."""
    shape = still_input(mask).filter("format", "gray").filter("loop", loop=-1, size=1)
    return ffmpeg.filter([stream, shape], "alphamerge")


def drifting_background(background: Path) -> Any:
    """The background, swaying by less than `DRIFT` pixels in half a minute: too slow to be noticed, enough to look alive."""
    sway = f"{DRIFT / 2}*(1+sin(n/{FRAME_RATE}*0.21))"
    return hold_frame(still_input(background), "yuv420p").filter("crop", FRAME_WIDTH, FRAME_HEIGHT, sway, 0)


def encode_piece(canvas: Any, overlay: Path, frames: int, target: Path) -> Any:
    """Draw the ASS file `overlay` on the canvas and encode `frames` frames as a piece that can be joined to others."""
    drawn = canvas.filter("ass", str(overlay), fontsdir=str(FONTS))
    drawn = drawn.filter("setparams", colorspace="bt709", color_primaries="bt709", color_trc="bt709", range="tv")
    return drawn.output(str(target), **VIDEO, **{"frames:v": frames}, an=None, map_metadata=-1, fflags="+bitexact")


def ken_burns(picture: Path, width: int, height: int, frames: int, *, inwards: bool) -> Any:
    """The picture filling a place, with a slow zoom over so many frames (Ken Burns effect).

    `perspective` interpolates between pixels, so that the slowest move is smooth; `zoompan` and `crop` move by whole pixels.
    """
    share = f"min((on-1)/{max(1, frames - 1)},1)"
    grown = f"{ZOOM / 2}*{share}" if inwards else f"{ZOOM / 2}*(1-{share})"
    left, right, top, bottom = f"W*{grown}", f"W-W*{grown}", f"H*{grown}", f"H-H*{grown}"
    corners = {"x0": left, "y0": top, "x1": right, "y1": top, "x2": left, "y2": bottom, "x3": right, "y3": bottom}
    filling = still_input(picture).filter("scale", width, height, force_original_aspect_ratio="increase", flags="lanczos")
    panel = hold_frame(filling.filter("crop", width, height, "(iw-ow)/2", "(ih-oh)/3"), "yuv420p")
    return panel.filter("perspective", **corners, interpolation="cubic", sense="source", eval="frame")


NAME_FROM, NAME_UNTIL = 1.0, 6.0
"""Seconds of the first scene in which the presenter's name is shown."""


def write_scene_overlay(path: Path, brand: Brand, part: SceneSpec, speech: Speech) -> None:
    """Write a scene's overlay: strip, credit, headline, name, captions and wipes."""
    overlay, frames = Overlay(brand), part.frames
    add_strip(overlay, part.title, (0, frames))
    add_credit(overlay, part.credit, brand.places.picture, (0, frames))
    add_headline(overlay, part.headline, brand.places.picture, (min(4, frames - 1), frames))
    if part.name:
        until = min(round(NAME_UNTIL * FRAME_RATE), frames - WIPE_FRAMES)
        start = min(round(NAME_FROM * FRAME_RATE), max(0, until - 60))
        add_name(overlay, part.name, part.role, brand.places.presenter, (start, until))
    add_captions(overlay, cues_of(speech.words, frames / FRAME_RATE), part.captions, frames)
    wipe_away(overlay)
    wipe_over(overlay, frames)
    overlay.write(path)


def scene_graph(part: SceneSpec, picture: Path, actor: Path, overlay: Path, brand: Brand, stills: Stills, target: Path) -> Any:
    """Graph of a scene. `actor` is a list of the presenter's videos for ffmpeg's concat demuxer."""
    left, right, shadow = brand.places.picture, brand.places.presenter, shadow_box(brand)
    zoomed = ken_burns(picture, left.width, left.height, part.frames, inwards=part.inwards)
    canvas = drifting_background(stills.background)
    canvas = canvas.overlay(hold_frame(still_input(stills.shadow), "yuva420p"), x=shadow.left, y=shadow.top)
    canvas = canvas.overlay(apply_mask(zoomed, stills.picture_mask), x=left.left, y=left.top)
    canvas = canvas.overlay(hold_frame(still_input(stills.picture_light), "yuva420p"), x=left.left, y=left.top)
    canvas = canvas.overlay(apply_mask(presenter_panel(actor, brand), stills.presenter_mask), x=right.left, y=right.top)
    canvas = canvas.overlay(hold_frame(still_input(stills.presenter_light), "yuva420p"), x=right.left, y=right.top)
    return encode_piece(canvas, overlay, part.frames, target)


def presenter_panel(actor: Path, brand: Brand) -> Any:
    """The presenter enlarged, at the bottom of the panel; the flat background colour is extended above."""
    place, side = brand.places.presenter, brand.places.presenter_scale
    above = max(0, place.height - side)
    panel = ffmpeg.input(str(actor), f="concat", safe=0).filter(
        "scale", side, side, flags="lanczos", out_color_matrix="bt709", out_range="tv"
    )
    panel = panel.filter("format", "yuv420p").filter("crop", place.width, min(side, place.height))
    panel = panel.filter("tpad", stop=-1, stop_mode="clone")
    return panel.filter("pad", place.width, place.height, 0, above).filter("fillborders", top=above, mode="smear")


POSTER_FRAME = 58
"""Frame of the opening between the incoming and the outgoing animations."""

MARGIN = 150
FADE_FRAMES = 12


def write_opening_overlay(path: Path, brand: Brand, title: str) -> None:
    """Write the opening's overlay: the mark spins in, the title rises line by line, a bar grows under it; then the wipe."""
    overlay = Overlay(brand)
    font, last = brand.fonts.black, OPENING_FRAMES
    setting = fit_text(title, font, 1180, brand.sizes.title, 3)
    leading = setting.size * 1.12
    height = cap_height(setting.size) + leading * (len(setting.lines) - 1)
    first = FRAME_HEIGHT / 2 + 40 - height / 2 + cap_height(setting.size)
    mark_top = first - cap_height(setting.size) - 72 - 76
    spin_in(overlay, 76, (MARGIN + 38, mark_top + 38), (0, last))
    wordmark = TextStyle(font=font, em=44, effects="\\fad(400,0)")
    add_wordmark(overlay, (MARGIN + 98, mark_top + 38 + cap_height(44) / 2), wordmark, (3, last))
    for number, line in enumerate(setting.lines):
        rise_in(overlay, line, setting.size, (MARGIN, first + number * leading), (5 + 3 * number, last), distance=70)
    bottom = first + leading * (len(setting.lines) - 1)
    grow_bar(overlay, 180, 10, (MARGIN + 4, bottom + 62), (12, last))
    darken(overlay, range(0, 8), lambda step: 1 - ease_out((step + 1) / 8))
    wipe_over(overlay, last)
    overlay.write(path)


def write_closing_overlay(path: Path, brand: Brand) -> None:
    """Write the closing's overlay: brand, tagline and disclosure; then fade to dark."""
    overlay = Overlay(brand)
    middle, last = FRAME_WIDTH / 2, CLOSING_FRAMES
    spin_in(overlay, 150, (middle, 385), (4, last))
    wordmark = TextStyle(font=brand.fonts.black, em=92, anchor="centre", effects="\\fad(300,0)")
    add_wordmark(overlay, (middle, 590), wordmark, (6, last))
    grow_bar(overlay, 120, 8, (middle - 60, 632), (10, last))
    for text, size, baseline in ((brand.tagline, 38, 712), (brand.disclosure, 26, FRAME_HEIGHT - 96)):
        small = TextStyle(font=brand.fonts.medium, em=size, colour="mist", anchor="centre", effects="\\fad(350,0)")
        overlay.text(text, small, (middle, baseline), (12, last))
    wipe_away(overlay)
    darken(overlay, range(last - FADE_FRAMES, last), lambda step: ease_out((step - last + FADE_FRAMES + 1) / FADE_FRAMES))
    overlay.write(path)


def spin_in(overlay: Overlay, size: int, middle: tuple[float, float], frames: tuple[int, int]) -> None:
    """The mark rotates and grows into place, then goes on rotating very slowly."""
    start, end = frames
    for step in range(end - start):
        share = ease_out((step + 1) / 16)
        turned = -200 * (1 - share) + step * 0.25
        effects = f"\\frz{-turned:.2f}\\fscx{100 * share:.1f}\\fscy{100 * share:.1f}"
        overlay.shape(
            reel_path(size), middle, (start + step, start + step + 1), colour="accent", effects=effects, layer=12, centred=True
        )


def grow_bar(overlay: Overlay, width: float, height: float, at: tuple[float, float], frames: tuple[int, int]) -> None:
    """A bar that grows from its left end."""
    start, end = frames
    for step in range(14):
        bar = rounded_path(max(height, width * ease_out((step + 1) / 14)), height, height / 2)
        overlay.shape(bar, at, (start + step, start + step + 1 if step < 13 else end), colour="accent")


def darken(overlay: Overlay, frames: range, darkness: Callable[[int], float]) -> None:
    """Darken the whole picture, frame by frame."""
    for frame in frames:
        whole = rounded_path(FRAME_WIDTH, FRAME_HEIGHT, 0)
        overlay.shape(whole, (0, 0), (frame, frame + 1), colour="night", opacity=darkness(frame), layer=95)


def opening_graph(picture: Path, overlay: Path, stills: Stills, target: Path) -> Any:
    """Graph of the opening: the first scene's picture over the whole frame, darkened, with the title."""
    background = ken_burns(picture, FRAME_WIDTH, FRAME_HEIGHT, 2 * OPENING_FRAMES, inwards=True)
    shaded = background.overlay(hold_frame(still_input(stills.title_gradient), "yuva420p"))
    return encode_piece(shaded, overlay, OPENING_FRAMES, target)


def closing_graph(overlay: Path, stills: Stills, target: Path) -> Any:
    """Graph of the closing: the brand's background with its overlay."""
    return encode_piece(drifting_background(stills.background), overlay, CLOSING_FRAMES, target)


def poster_graph(opening: Path, target: Path) -> Any:
    """Graph of the poster: a frame of the opening as a JPEG."""
    return jpeg_graph(opening, POSTER_FRAME, target)


def jpeg_graph(video: Path, frame: int, target: Path, *, width: int | None = None, quality: int = 2) -> Any:
    """Graph that writes one frame as a JPEG, in the colours that JPEG assumes (BT.601, full range).

    The size is kept if `width` is None; `quality` is ffmpeg's q:v, 2 (best) to 31.
    """
    one = ffmpeg.input(str(video)).filter("trim", start_frame=frame, end_frame=frame + 1)
    colours = {"in_color_matrix": "bt709", "out_color_matrix": "bt601", "out_range": "pc"}
    scaled = one.filter("scale", width, -2, **colours, flags="lanczos") if width else one.filter("scale", **colours)
    jpeg = scaled.filter("format", "yuvj420p")
    return jpeg.output(str(target), **{"frames:v": 1, "q:v": quality, "update": 1}, map_metadata=-1, fflags="+bitexact")
