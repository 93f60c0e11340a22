"""The step `animate`: phones, voice and footage to the landmarks of every frame, scene by scene."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.artifacts import count_video_frames, scene_file
from newsreel.presenters.bundle import load_presenter
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.workspace import Workspace

if TYPE_CHECKING:  # importing numpy takes as long as the rest of a run that has nothing to do
    from steps.animate.head import HeadLoop
    from steps.animate.visemes import Visemes


FOOTAGE = "footage/landmarks.npz"


@dataclass(frozen=True)
class Animator:
    """Data that all scenes share."""

    head: HeadLoop
    visemes: Visemes
    size: int
    """Width and height of the presenter's picture, pixels."""


def plan(workspace: Workspace) -> Iterator[Unit]:
    story = workspace.story
    presenter = load_presenter(story.presenter)
    for scene in range(len(story.scenes)):
        voice = scene_file("voice", scene, ".wav")
        yield Unit(
            name=f"scene {scene:02d}",
            reads=(scene_file("phones", scene, ".json"), voice, FOOTAGE),
            also=(presenter.visemes,),
            writes=(scene_file("motion", scene, ".npz"),),
            cost=count_video_frames(workspace.path(voice)),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[Animator]:
    from steps.animate.head import close_mouth, complex_points, head_loop, load_footage
    from steps.animate.visemes import load_visemes

    visemes = load_visemes(load_presenter(workspace.story.presenter).visemes)
    footage = load_footage(workspace.path(FOOTAGE))
    head = head_loop(complex_points(footage.landmarks), complex_points(visemes.rest))
    yield Animator(close_mouth(head, visemes), visemes, footage.size)


def work(unit: Unit, workspace: Workspace, animator: Animator, drafts: list[Path], _: Progress) -> None:
    import numpy as np

    from steps.animate.motion import animate_scene, read_speech
    from steps.animate.prosody import loudness_of, read_sound

    phones, voice, _footage = unit.reads
    speech = read_speech(workspace.path(phones))
    loudness = loudness_of(*read_sound(workspace.path(voice)), frames=unit.cost)
    landmarks = animate_scene(speech, loudness, animator.head, animator.visemes, animator.size)
    np.savez_compressed(drafts[0], landmarks=landmarks)


WORK = UnitWork(version=2, plan=plan, start=start, work=work)
