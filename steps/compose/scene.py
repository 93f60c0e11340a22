"""One scene as one ffmpeg graph: ground, picture, presenter and all that is written, from stills, two inputs and an ASS sheet."""

from pathlib import Path
from typing import Any

import ffmpeg

from newsreel.artifacts import FRAME_RATE, Speech
from steps.compose.brand import Brand
from steps.compose.captions import add_captions
from steps.compose.cues import cues_of
from steps.compose.layers import cut, drifting_ground, encoded, held, moving_picture, still
from steps.compose.parts import ScenePart
from steps.compose.sheet import Sheet
from steps.compose.stills import Stills, shadow_place
from steps.compose.titles import add_credit, add_headline, add_name, add_strip
from steps.compose.wipe import WIPE_FRAMES, wipe_away, wipe_over

__all__ = ["scene_graph", "write_scene_sheet"]

NAME_FROM, NAME_UNTIL = 1.0, 6.0
"""Seconds of the first scene in which the presenter's name is shown."""


def write_scene_sheet(path: Path, brand: Brand, part: ScenePart, speech: Speech) -> None:
    """All that is written over a scene."""
    sheet, frames = Sheet(brand), part.frames
    add_strip(sheet, part.title, (0, frames))
    add_credit(sheet, part.credit, brand.places.picture, (0, frames))
    add_headline(sheet, part.headline, brand.places.picture, (min(4, frames - 1), frames))
    if part.name:
        until = min(round(NAME_UNTIL * FRAME_RATE), frames - WIPE_FRAMES)
        start = min(round(NAME_FROM * FRAME_RATE), max(0, until - 60))
        add_name(sheet, part.name, part.role, brand.places.presenter, (start, until))
    add_captions(sheet, cues_of(speech.words, frames / FRAME_RATE), part.captions, frames)
    wipe_away(sheet)
    wipe_over(sheet, frames)
    sheet.write(path)


def scene_graph(part: ScenePart, picture: Path, actor: Path, sheet: Path, brand: Brand, stills: Stills, target: Path) -> Any:
    """The scene's graph, ending in an encoded file. `actor` is a list, for ffmpeg's concat demuxer, of the presenter's frames."""
    left, right, shadow = brand.places.picture, brand.places.presenter, shadow_place(brand)
    seen = moving_picture(picture, left.width, left.height, part.frames, inwards=part.inwards)
    canvas = drifting_ground(stills.ground)
    canvas = canvas.overlay(held(still(stills.shadow), "yuva420p"), x=shadow.left, y=shadow.top)
    canvas = canvas.overlay(cut(seen, stills.picture_mask), x=left.left, y=left.top)
    canvas = canvas.overlay(held(still(stills.picture_light), "yuva420p"), x=left.left, y=left.top)
    canvas = canvas.overlay(cut(presenter_panel(actor, brand), stills.presenter_mask), x=right.left, y=right.top)
    canvas = canvas.overlay(held(still(stills.presenter_light), "yuva420p"), x=right.left, y=right.top)
    return encoded(canvas, sheet, part.frames, target)


def presenter_panel(actor: Path, brand: Brand) -> Any:
    """The presenter enlarged, standing at the foot of the panel; the flat colour round them continues above."""
    place, side = brand.places.presenter, brand.places.presenter_scale
    above = max(0, place.height - side)
    shown = ffmpeg.input(str(actor), f="concat", safe=0).filter(
        "scale", side, side, flags="lanczos", out_color_matrix="bt709", out_range="tv"
    )
    shown = shown.filter("format", "yuv420p").filter("crop", place.width, min(side, place.height))
    shown = shown.filter("tpad", stop=-1, stop_mode="clone")
    return shown.filter("pad", place.width, place.height, 0, above).filter("fillborders", top=above, mode="smear")
