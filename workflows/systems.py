"""The catalogue: which AI system serves which stage of a story, and what each needs of a machine.

A system is exchanged by changing one entry of a `Profile`:

    dataclasses.replace(STUDIO, voice=(HIBARI,))
"""

from dataclasses import replace

from workflows.services import GENTLE
from workflows.system import Profile, System

__all__ = [
    "ANCHOR",
    "ANCHOR_OF_TRAINING",
    "ANIMATE_VISEMES",
    "CHECK",
    "CHECK_PRESENTER",
    "DLIB_TRACK",
    "EMBEDDED",
    "INIT_PRESENTER",
    "INIT_STORY",
    "PROFILES",
    "PUBLISH",
    "PUBLISH_PRESENTER",
    "REFUSE",
    "REPORT",
    "STORAGE_SYSTEMS",
    "STUDIO",
    "TRAINERS",
    "TRAINING",
    "TRIAGE",
    "Profile",
    "System",
]

CHECK = System(
    name="check",
    stage="admission",
    image="core:0.1.0",
    counts="stories",
    share=1,
    cpu="100m",
    memory="512Mi",
    deadline=300,
    weights=True,
    buckets=True,
)
ANCHOR = System(name="anchor", stage="placement", image="core:0.1.0", counts=None, share=1, cpu="50m", memory="128Mi")
INIT_STORY = System(
    name="init-story",
    stage="script",
    image="core:0.1.0",
    counts="scenes",
    share=2,
    cpu="1",
    memory="2Gi",
    weights=True,
    buckets=True,
    carries=True,
)
PUBLISH = System(
    name="publish",
    stage="publication",
    image="core:0.1.0",
    counts="files",
    share=2,
    cpu="500m",
    memory="512Mi",
    buckets=True,
    carries=True,
    priced=True,
)
TRIAGE = System(
    name="triage",
    stage="placement",
    image="core:0.1.0",
    counts="failures",
    cpu="50m",
    memory="128Mi",
    deadline=120,
    after_failure=True,
)
REFUSE = replace(TRIAGE, name="refuse", stage="admission")
REPORT = System(
    name="report",
    stage="notice",
    image="core:0.1.0",
    counts="reports",
    share=1,
    cpu="100m",
    memory="256Mi",
    deadline=300,
    buckets=True,
    notices=True,
)

HIBARI = System(name="hibari", stage="voice", image="hibari:0.1.0", counts="seconds of speech", share=8, cpu="1", memory="2Gi")
TACOTRON2 = System(
    name="tacotron2", stage="voice", image="tacotron2:0.1.0", counts="sentences", share=3, cpu="2", memory="6Gi", gpus=1
)
WAVEGLOW = System(
    name="waveglow", stage="voice", image="waveglow:0.1.0", counts="mel frames", share=5, cpu="2", memory="8Gi", gpus=1
)
GENTLE_CLIENT = System(
    name="gentle",
    stage="alignment",
    image="gentle:0.1.0",
    counts="words",
    share=4,
    cpu="250m",
    memory="512Mi",
    service=GENTLE,
)
G2P = System(name="g2p", stage="phonemes", image="g2p:0.1.0", counts="words", share=1, cpu="250m", memory="512Mi")
DLIB = System(name="dlib", stage="landmarks", image="dlib:0.1.0", counts="frames", share=5, cpu="1", memory="2Gi")
ANIMATE = System(name="animate", stage="motion", image="animate:0.1.0", counts="frames", share=1, cpu="1", memory="1Gi")
PIX2PIXHD = System(
    name="pix2pixhd", stage="generator", image="pix2pixhd:0.1.0", counts="frames", share=30, cpu="3", memory="12Gi", gpus=1
)
PIX2PIXHD_ON_CPU = replace(PIX2PIXHD, cpu="1", memory="2Gi", gpus=0)
COMPOSE = System(name="compose", stage="composition", image="compose:0.1.0", counts="frames", share=44, cpu="3", memory="4Gi")

STUDIO = Profile(
    name="studio",
    voice=(TACOTRON2, WAVEGLOW),
    alignment=GENTLE_CLIENT,
    phonemes=G2P,
    landmarks=DLIB,
    motion=ANIMATE,
    generator=PIX2PIXHD,
    composition=COMPOSE,
)
"""The newsroom's own weights, on a GPU."""

EMBEDDED = Profile(
    name="embedded",
    voice=(HIBARI,),
    alignment=GENTLE_CLIENT,
    phonemes=G2P,
    landmarks=replace(DLIB, cpu="500m"),
    motion=ANIMATE,
    generator=PIX2PIXHD_ON_CPU,
    composition=replace(COMPOSE, cpu="1", memory="2Gi"),
)
"""What comes from PyPI and runs on two cores."""

PROFILES = {profile.name: profile for profile in (STUDIO, EMBEDDED)}

CHECK_PRESENTER = System(
    name="check-presenter",
    stage="admission",
    image="presenter:0.1.0",
    counts="presenters",
    share=1,
    cpu="100m",
    memory="512Mi",
    deadline=300,
    buckets=True,
)
ANCHOR_OF_TRAINING = replace(ANCHOR, deadline=86400)
INIT_PRESENTER = System(
    name="init-presenter",
    stage="footage",
    image="presenter:0.1.0",
    counts="frames",
    share=3,
    cpu="1",
    memory="4Gi",
    deadline=3600,
    buckets=True,
)
DLIB_TRACK = System(
    name="dlib-track", stage="landmarks", image=DLIB.image, counts="frames", share=5, cpu="500m", memory="2Gi", deadline=7200
)
ANIMATE_VISEMES = System(
    name="animate-visemes",
    stage="mouth shapes",
    image=ANIMATE.image,
    counts="faces",
    share=1,
    cpu="250m",
    memory="1Gi",
    deadline=600,
)
PIX2PIXHD_TRAIN = System(
    name="pix2pixhd-train",
    stage="training",
    image=PIX2PIXHD.image,
    counts="steps",
    share=87,
    cpu="3",
    memory="24Gi",
    gpus=1,
    deadline=72000,
)
PIX2PIXHD_TRAIN_ON_CPU = replace(PIX2PIXHD_TRAIN, cpu="1", memory="4Gi", gpus=0)
PUBLISH_PRESENTER = System(
    name="publish-presenter",
    stage="publication",
    image="presenter:0.1.0",
    counts="files",
    share=2,
    cpu="500m",
    memory="512Mi",
    deadline=900,
    buckets=True,
)
TRAINERS = {STUDIO.name: PIX2PIXHD_TRAIN, EMBEDDED.name: PIX2PIXHD_TRAIN_ON_CPU}
"""What trains a presenter's generator, by profile."""
TRAINING = (CHECK_PRESENTER, INIT_PRESENTER, DLIB_TRACK, ANIMATE_VISEMES, *TRAINERS.values(), PUBLISH_PRESENTER)
"""All that serves a training alone."""

STORAGE_SYSTEMS = frozenset(system.name for system in (CHECK, INIT_STORY, PUBLISH, REPORT, *TRAINING) if system.buckets)
"""What may reach the buckets."""
