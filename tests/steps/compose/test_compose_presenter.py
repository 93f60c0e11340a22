"""A long scene's presenter comes in chunks; no frame is lost, doubled or late between them."""

import numpy as np
from made_story import Sketch, make_workspace, spoken

from newsreel.artifacts import FRAME_RATE
from newsreel.media.encoder import chunk_files, chunks
from steps.compose.ffmpeg_graph import run_graph
from steps.compose.graphics.brand import load_brand
from steps.compose.pieces import presenter_panel
from steps.compose.sound import concat_list
from steps.compose.step import plan

FRAMES, FLASH = 400, 333


def test_second_chunk_appears_at_its_frame_of_the_scene(tmp_path):
    sketch = Sketch(headline="A", colour=(9, 9, 9), words=spoken("One."), frames=FRAMES, flash=FLASH)
    workspace = make_workspace(tmp_path / "story", [sketch])
    files = chunk_files("actor", 0, FRAMES, ".mp4")
    assert len(files) == 2 and FLASH in chunks(FRAMES)[1]
    listed = concat_list(tmp_path / "actor.txt", [workspace.path(file) for file in files])
    panel = presenter_panel(listed, load_brand("newsreel")).filter("scale", 8, 8).filter("format", "gray")
    run_graph(panel.output(str(tmp_path / "raw"), f="rawvideo", r=FRAME_RATE, **{"frames:v": FRAMES}))
    brightness = np.fromfile(tmp_path / "raw", np.uint8).reshape(FRAMES, 64).mean(axis=1)
    assert [*np.flatnonzero(brightness > 150)] == [FLASH]


def test_scene_depends_on_all_its_chunks(tmp_path):
    sketch = Sketch(headline="A", colour=(9, 9, 9), words=spoken("One."), frames=FRAMES, flash=FLASH)
    units = {unit.name: unit for unit in plan(make_workspace(tmp_path, [sketch]))}
    for name in ("scene 00", "the whole"):
        assert {"actor/00-00.mp4", "actor/00-01.mp4"} < set(units[name].reads)
