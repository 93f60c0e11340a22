"""The studio: where pieces are made. Holds the brand and its stills; every piece leaves as a file, none is kept in memory."""

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
from steps.compose.bookends import closing_graph, opening_graph, poster_graph, write_closing_sheet, write_opening_sheet
from steps.compose.brand import Brand
from steps.compose.contact import draw_sheet
from steps.compose.cues import Cue, cues_of
from steps.compose.encoder import run_graph
from steps.compose.parts import OPENING_FRAMES, JoiningPart, OpeningPart, ScenePart, Timeline
from steps.compose.scene import scene_graph, write_scene_sheet
from steps.compose.sound import SOUND, Soundtrack, concat_list, levels_of, mastered
from steps.compose.stills import Stills, draw_stills
from steps.compose.webvtt import webvtt

__all__ = ["Studio", "story_cues"]

Advance = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Studio:
    brand: Brand
    stills: Stills
    folder: Path
    """For what is needed only while a piece is made."""

    @classmethod
    def set_up(cls, brand: Brand, folder: Path) -> "Studio":
        """Draw the brand's stills into a folder. Raises MissingProgram before anything is drawn, DiskFull."""
        find_ffmpeg()
        with translate_disk_full(folder):
            return cls(brand=brand, stills=draw_stills(brand, folder), folder=folder)

    @contextmanager
    def desk(self) -> Iterator[Path]:
        with translate_disk_full(self.folder), TemporaryDirectory(dir=self.folder) as desk:
            yield Path(desk)

    def make_opening(self, part: OpeningPart, picture: Path, drafts: Sequence[Path], advance: Advance) -> None:
        """The opening, and the poster out of it."""
        video, poster = drafts
        with self.desk() as desk:
            sheet = desk / "opening.ass"
            write_opening_sheet(sheet, self.brand, part.title)
            run_graph(opening_graph(picture, sheet, self.stills, video), advance)
        run_graph(poster_graph(video, poster))

    def make_scene(self, part: ScenePart, inputs: Sequence[Path], draft: Path, advance: Advance) -> None:
        """One scene, from its picture, its presenter and its words."""
        picture, *actor, phones = inputs
        with self.desk() as desk:
            sheet = desk / "scene.ass"
            write_scene_sheet(sheet, self.brand, part, Speech.model_validate_json(phones.read_bytes()))
            stretches = concat_list(desk / "actor.txt", actor)
            run_graph(scene_graph(part, picture, stretches, sheet, self.brand, self.stills, draft), advance)

    def make_closing(self, draft: Path, advance: Advance) -> None:
        with self.desk() as desk:
            sheet = desk / "closing.ass"
            write_closing_sheet(sheet, self.brand)
            run_graph(closing_graph(sheet, self.stills, draft), advance)

    def join(
        self,
        part: JoiningPart,
        *,
        pieces: Sequence[Path],
        voices: Sequence[Path],
        speeches: Sequence[Path],
        drafts: Sequence[Path],
    ) -> None:
        """Copy the pieces' video one after the other beside the mastered sound; write the captions of the whole, its contact
        sheet and its contents."""
        video, captions, sheet, contents = drafts
        with self.desk() as desk:
            track = Soundtrack.prepare(desk, voices, with_music=part.music == "bed")
            seen = ffmpeg.input(str(concat_list(desk / "pieces.txt", pieces)), f="concat", safe=0).video
            run_graph(joined(seen, mastered(track, part.timeline), part.title, video))
            spoken = [Speech.model_validate_json(path.read_bytes()) for path in speeches]
            captions.write_text(webvtt(story_cues(spoken, part.timeline)), encoding="utf-8")
            tiles = draw_sheet(pieces[1:-1], part.timeline.scenes, desk, sheet)
        contents.write_text(contents_of(part.timeline, tiles, levels_of(ffmpeg.input(str(video)).audio)).model_dump_json() + "\n")


def joined(seen: Any, heard: Any, title: str, target: Path) -> Any:
    """The final file: nothing encoded again but the sound, and its index at the front, so that it plays while it loads."""
    return ffmpeg.output(
        seen,
        heard,
        str(target),
        **{"c:v": "copy", "metadata": f"title={title}", "movflags": "+faststart", "video_track_timescale": 512 * FRAME_RATE},
        **SOUND,
        map_metadata=-1,
        fflags="+bitexact",
    )


def contents_of(timeline: Timeline, tiles: tuple[int, int], levels: tuple[float, float]) -> VideoContents:
    columns, rows = tiles
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
    """The captions of all scenes at their times in the whole video."""
    start = OPENING_FRAMES
    for speech, length in zip(speeches, timeline.scenes, strict=True):
        for cue in cues_of(speech.words, length / FRAME_RATE):
            yield cue.shifted(start / FRAME_RATE)
        start += length
