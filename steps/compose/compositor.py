"""Renders pieces and joins them to the final video, with captions, contact sheet and contents. Everything is written to files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ffmpeg

from newsreel.artifacts import FRAME_RATE, ContactSheetTile, Speech, VideoContents
from newsreel.errors import translate_disk_full
from newsreel.media.encoder import find_ffmpeg
from steps.compose.contact_sheet import draw_sheet
from steps.compose.ffmpeg_graph import run_graph
from steps.compose.graphics.brand import Brand
from steps.compose.graphics.captions import Cue, cues_of, webvtt
from steps.compose.graphics.stills import Stills, draw_stills
from steps.compose.pieces import (
    closing_graph,
    opening_graph,
    poster_graph,
    scene_graph,
    write_closing_overlay,
    write_opening_overlay,
    write_scene_overlay,
)
from steps.compose.sound import AUDIO, Soundtrack, concat_list, mastered, measure_levels
from steps.compose.specs import OPENING_FRAMES, JoinSpec, OpeningSpec, SceneSpec, Timeline

Advance = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Compositor:
    brand: Brand
    stills: Stills
    folder: Path
    """For the layers and for temporary files."""

    @classmethod
    def create(cls, brand: Brand, folder: Path) -> "Compositor":
        """Draw the brand's layers into a folder. Raises MissingProgram before anything is drawn, DiskFull."""
        find_ffmpeg()
        with translate_disk_full(folder):
            return cls(brand=brand, stills=draw_stills(brand, folder), folder=folder)

    @contextmanager
    def scratch_folder(self) -> Iterator[Path]:
        with translate_disk_full(self.folder), TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)

    def render_opening(self, part: OpeningSpec, picture: Path, drafts: Sequence[Path], advance: Advance) -> None:
        """Render the opening and the poster, which is one of its frames."""
        video, poster = drafts
        with self.scratch_folder() as scratch:
            sheet = scratch / "opening.ass"
            write_opening_overlay(sheet, self.brand, part.title)
            run_graph(opening_graph(picture, sheet, self.stills, video), advance)
        run_graph(poster_graph(video, poster))

    def render_scene(self, part: SceneSpec, inputs: Sequence[Path], draft: Path, advance: Advance) -> None:
        """Render a scene from its picture, the presenter's videos and its words."""
        picture, *actor, phones = inputs
        with self.scratch_folder() as scratch:
            sheet = scratch / "scene.ass"
            write_scene_overlay(sheet, self.brand, part, Speech.model_validate_json(phones.read_bytes()))
            actor_list = concat_list(scratch / "actor.txt", actor)
            run_graph(scene_graph(part, picture, actor_list, sheet, self.brand, self.stills, draft), advance)

    def render_closing(self, draft: Path, advance: Advance) -> None:
        with self.scratch_folder() as scratch:
            sheet = scratch / "closing.ass"
            write_closing_overlay(sheet, self.brand)
            run_graph(closing_graph(sheet, self.stills, draft), advance)

    def join(
        self,
        part: JoinSpec,
        *,
        pieces: Sequence[Path],
        voices: Sequence[Path],
        speeches: Sequence[Path],
        drafts: Sequence[Path],
    ) -> None:
        """Concatenate the pieces' video without encoding and add the mastered sound; write captions, contact sheet and
        contents."""
        video, captions, sheet, contents = drafts
        with self.scratch_folder() as scratch:
            track = Soundtrack.prepare(scratch, voices, with_music=part.music == "bed")
            video_stream = ffmpeg.input(str(concat_list(scratch / "pieces.txt", pieces)), f="concat", safe=0).video
            run_graph(join_graph(video_stream, mastered(track, part.timeline), part.title, video))
            speech_data = [Speech.model_validate_json(path.read_bytes()) for path in speeches]
            captions.write_text(webvtt(story_cues(speech_data, part.timeline)), encoding="utf-8")
            grid = draw_sheet(pieces[1:-1], part.timeline.scenes, scratch, sheet)
        contents.write_text(
            sheet_contents(part.timeline, grid, measure_levels(ffmpeg.input(str(video)).audio)).model_dump_json() + "\n"
        )


def join_graph(video_stream: Any, audio_stream: Any, title: str, target: Path) -> Any:
    """Graph of the final file: only the sound is encoded; the index is at the front, so that it plays while it loads."""
    return ffmpeg.output(
        video_stream,
        audio_stream,
        str(target),
        **{"c:v": "copy", "metadata": f"title={title}", "movflags": "+faststart", "video_track_timescale": 512 * FRAME_RATE},
        **AUDIO,
        map_metadata=-1,
        fflags="+bitexact",
    )


def sheet_contents(timeline: Timeline, grid: tuple[int, int], levels: tuple[float, float]) -> VideoContents:
    columns, rows = grid
    ends = [*accumulate(timeline.scenes, initial=OPENING_FRAMES)]
    times = [(start / FRAME_RATE, end / FRAME_RATE) for start, end in pairwise(ends)]
    scenes = [
        ContactSheetTile(start=start, end=end, column=number % columns, row=number // columns)
        for number, (start, end) in enumerate(times)
    ]
    loudness, true_peak = levels
    return VideoContents(
        seconds=timeline.seconds, scenes=tuple(scenes), columns=columns, rows=rows, loudness=loudness, true_peak=true_peak
    )


def story_cues(speeches: Sequence[Speech], timeline: Timeline) -> Iterator[Cue]:
    """The cues of all scenes at their times in the whole video."""
    start = OPENING_FRAMES
    for speech, length in zip(speeches, timeline.scenes, strict=True):
        for cue in cues_of(speech.words, length / FRAME_RATE):
            yield cue.shifted(start / FRAME_RATE)
        start += length
