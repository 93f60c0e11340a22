"""The way not taken: the same story with a PNG file for every frame between the steps, as such pipelines were built.

    python -m tests.bench.png_files STAGE WORKSPACE FOLDER

Each stage is a process of its own that reads the PNG files of the one before it from FOLDER and writes its own: `edges` (what
the generator is given), `generate` (the presenter's frames), `compose` (the video's frames), `encode` (x264, and the sound). All
else is as in our steps: landmarks, which are read from WORKSPACE, weights, stills, filter graphs, x264's settings, the numbers of
workers and of frames in a batch. PNG files are written at compression level 1, by all cores, and never flushed to the disk.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import ffmpeg
import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE, count_video_frames, scene_file
from newsreel.presenters.bundle import Presenter, load_presenter
from newsreel.workspace import Workspace
from steps.compose.step import WORK

__all__ = ["STAGES", "through_pictures"]

LEVEL = 1
PNG = [cv2.IMWRITE_PNG_COMPRESSION, LEVEL]
NUMBERED = "%06d.png"

Pixels = NDArray[np.uint8]


def folder_of(folder: Path, kind: str, scene: int) -> Path:
    return folder / kind / f"{scene:02d}"


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.png"))


def write_png(path: Path, picture: Pixels) -> None:
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), PNG)


def read_png(path: Path) -> Pixels:
    picture = cv2.imread(str(path))
    if picture is None:
        raise FileNotFoundError(f"{path}: no picture")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def presenter_of(workspace: Workspace) -> Presenter:
    return load_presenter(workspace.story.presenter)


def draw(workspace: Workspace, folder: Path) -> None:
    """Every frame's landmarks as the picture of face edges that the generator is given."""
    from steps.pix2pixhd.encoding import draw_edges
    from steps.pix2pixhd.step import read_landmarks

    presenter = presenter_of(workspace)

    def one(frame: tuple[Path, NDArray[np.float32]]) -> None:
        path, landmarks = frame
        write_png(path, draw_edges(landmarks, presenter.size, presenter.body))

    for scene in range(len(workspace.story.scenes)):
        target = folder_of(folder, "edges", scene)
        target.mkdir(parents=True)
        frames = count_video_frames(workspace.path(scene_file("voice", scene, ".wav")))
        motion = read_landmarks(workspace.path(scene_file("motion", scene, ".npz")), frames, "animate")
        spread(one, ((target / (NUMBERED % number), landmarks) for number, landmarks in enumerate(motion)))


def spread(work: Callable[..., None], jobs: Iterable[object]) -> None:
    """Do jobs on every core; the first fault is raised."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for _ in pool.map(work, jobs):
            pass


def generate(workspace: Workspace, folder: Path) -> None:
    """Every picture of face edges as a frame of the presenter, in batches like the step's, on as many workers."""
    import torch

    from steps.pix2pixhd.renderer import BATCH, open_renderer, to_frames

    with open_renderer(presenter_of(workspace).generator) as renderer:

        def one(batch: Sequence[Path]) -> None:
            edges = np.stack([read_png(path) for path in batch])
            with torch.inference_mode():
                encoding = torch.from_numpy(edges).to(renderer.device).permute(0, 3, 1, 2)
                encoding = encoding.to(renderer.dtype, memory_format=torch.channels_last).div_(255)
                frames = to_frames(renderer.generator(encoding))
            for path, frame in zip(batch, frames, strict=True):
                write_png(folder / "actor" / path.parent.name / path.name, frame)

        for scene in range(len(workspace.story.scenes)):
            folder_of(folder, "actor", scene).mkdir(parents=True)
            paths = files_in(folder_of(folder, "edges", scene))
            for _ in renderer.pool.map(one, [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]):
                pass


def compose(workspace: Workspace, folder: Path) -> None:
    """Every frame of the video: the step's own graphs, with the presenter read from PNG files and the result written to such."""
    from newsreel.artifacts import Speech
    from steps.compose.graphics.brand import load_brand
    from steps.compose.graphics.stills import draw_stills
    from steps.compose.pieces import (
        closing_graph,
        opening_graph,
        scene_graph,
        write_closing_overlay,
        write_opening_overlay,
        write_scene_overlay,
    )
    from steps.compose.specs import OpeningSpec, SceneSpec

    brand = load_brand(workspace.story.brand)
    (desk := folder / "stills").mkdir()
    (folder / "frames").mkdir()
    stills, sheet, target = draw_stills(brand, desk), desk / "sheet.ass", folder / "frames" / NUMBERED
    scene = 0
    for unit in WORK.plan(workspace):
        inputs = [workspace.path(name) for name in unit.reads]
        actor = folder_of(folder, "actor", scene) / NUMBERED
        match unit.settings["part"]:
            case "opening":
                write_opening_overlay(sheet, brand, OpeningSpec.model_validate(unit.settings).title)
                graph = opening_graph(inputs[0], sheet, stills, target)
            case "scene":
                part = SceneSpec.model_validate(unit.settings)
                write_scene_overlay(sheet, brand, part, Speech.model_validate_json(inputs[2].read_bytes()))
                graph = scene_graph(part, inputs[0], actor, sheet, brand, stills, target)
                scene += 1
            case "closing":
                write_closing_overlay(sheet, brand)
                graph = closing_graph(sheet, stills, target)
            case _:
                continue
        run_ffmpeg(through_pictures(ffmpeg.get_args(graph), actor, first=len(files_in(target.parent)), frames=unit.cost))


def through_pictures(arguments: Sequence[str], actor: Path, first: int, frames: int) -> list[str]:
    """A piece's ffmpeg arguments, its presenter read from numbered pictures, its frames written as such, counted from `first`."""
    *graph, target = *arguments[: arguments.index("-map") + 2], arguments[-1]
    if str(actor) in graph:
        at = graph.index(str(actor)) - 1
        graph[at:at] = ["-framerate", str(FRAME_RATE)]
    pictures = ["-c:v", "png", "-compression_level", str(LEVEL), "-pred", "up", "-pix_fmt", "rgb24"]
    return [*graph, *pictures, "-frames:v", str(frames), "-start_number", str(first), target]


def encode(workspace: Workspace, folder: Path) -> None:
    """All frames into one video with the step's own settings, and the sound mixed beside it by the step itself."""
    from steps.compose.compositor import Compositor
    from steps.compose.ffmpeg_graph import VIDEO
    from steps.compose.graphics.brand import load_brand
    from steps.compose.specs import JoinSpec

    whole = folder / "whole.mp4"
    pictures = ffmpeg.input(str(folder / "frames" / NUMBERED), framerate=FRAME_RATE)
    seen = pictures.filter("scale", out_color_matrix="bt709", out_range="tv").filter("format", "yuv420p")
    run_ffmpeg(ffmpeg.get_args(seen.output(str(whole), **VIDEO)))
    (desk := folder / "sound").mkdir()
    *_, last = WORK.plan(workspace)
    count = range(len(workspace.story.scenes))
    Compositor.create(load_brand(workspace.story.brand), desk).join(
        JoinSpec.model_validate(last.settings),
        pieces=[whole],
        voices=[workspace.path(scene_file("voice", scene, ".wav")) for scene in count],
        speeches=[workspace.path(scene_file("phones", scene, ".json")) for scene in count],
        drafts=[folder / "landscape.mp4", folder / "captions.vtt"],
    )


def run_ffmpeg(arguments: Sequence[str]) -> None:
    from newsreel.media.encoder import find_ffmpeg

    subprocess.run([find_ffmpeg(), "-nostdin", "-hide_banner", "-v", "error", "-y", *arguments], check=True)


STAGES: dict[str, Callable[[Workspace, Path], None]] = {"edges": draw, "generate": generate, "compose": compose, "encode": encode}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.png_files", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    STAGES[options.stage](Workspace(options.workspace), options.folder)


if __name__ == "__main__":
    main(sys.argv[1:])
