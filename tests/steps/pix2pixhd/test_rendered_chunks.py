"""A long scene: rendered in chunks by one process or several, joined without being encoded again."""

import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest
from small_nets import SIZE, write_voice

from newsreel.artifacts import FRAME_RATE
from newsreel.media.encoder import chunks, find_ffmpeg, open_encoder
from newsreel.presenters.bundle import load_presenter
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from steps.compose.sound import concat_list
from steps.pix2pixhd import STEP
from steps.pix2pixhd.renderer import open_renderer
from steps.pix2pixhd.step import WORK

FRAMES = 310
FILES = ("actor/00-00.mp4", "actor/00-01.mp4")


@pytest.fixture
def long_scene(workspace, faces):
    """The first scene takes ten seconds and a third and is always moving."""
    write_voice(workspace.path("voice/00.wav"), FRAMES)
    landmarks = np.resize(faces[1] * SIZE / 320, (FRAMES, 68, 2)).astype(np.float32)
    landmarks[:, :, 0] += np.linspace(0, 8, FRAMES, dtype=np.float32)[:, None]
    np.savez(workspace.path("motion/00.npz"), landmarks=landmarks)
    return workspace


def render(workspace, *shards):
    for shard in shards or ((0, 1),):
        run_step(STEP, WORK, workspace, Progress("pix2pixhd", None), shard)


def decoded(path):
    """Frames (T, H, W, 3), and the number of each by its time."""
    with av.open(str(path)) as video:
        frames = [(frame.to_ndarray(format="rgb24"), frame.pts * frame.time_base * FRAME_RATE) for frame in video.decode(video=0)]
    return np.stack([picture for picture, _ in frames]), [at for _, at in frames]


def joined(workspace, tmp_path):
    target, listed = tmp_path / "joined.mp4", concat_list(tmp_path / "list.txt", [workspace.path(file) for file in FILES])
    command = [find_ffmpeg(), "-v", "error", "-f", "concat", "-safe", "0", "-i", str(listed), "-c", "copy", str(target)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""
    return target


def test_joined_chunks_equal_the_scene_frame_by_frame(long_scene, tmp_path):
    render(long_scene)
    apart = np.concatenate([decoded(long_scene.path(file))[0] for file in FILES])
    together, times = decoded(joined(long_scene, tmp_path))
    assert times == [Fraction(number) for number in range(FRAMES)]
    assert np.array_equal(together, apart)


def test_cutting_into_chunks_changes_no_frame(long_scene, tmp_path):
    render(long_scene)
    landmarks = np.load(long_scene.path("motion/00.npz"))["landmarks"]
    whole = tmp_path / "whole.mp4"
    with open_renderer(load_presenter("maya").generator) as renderer, open_encoder(whole, SIZE, SIZE, FRAME_RATE) as write:
        uncut = np.concatenate([*renderer.frames(landmarks, SIZE)])
        for chunk in chunks(FRAMES):
            assert np.array_equal(
                np.concatenate([*renderer.frames(landmarks[chunk.start : chunk.stop], SIZE)]),
                uncut[chunk.start : chunk.stop],
            )
        write(uncut)
    apart = np.concatenate([decoded(long_scene.path(file))[0] for file in FILES])
    assert np.abs(apart.astype(int) - decoded(whole)[0]).mean() < 0.5  # of 255: the encoder spends its bits a little differently


def test_every_chunk_begins_with_a_key_frame(long_scene):
    render(long_scene)
    for file in FILES:
        with av.open(str(long_scene.path(file))) as video:
            packets = [packet for packet in video.demux(video=0) if packet.size]
        assert packets[0].is_keyframe
        assert min(packet.pts for packet in packets) == packets[0].pts == 0


def test_two_shards_write_the_same_files_as_one_process(long_scene):
    render(long_scene)
    alone = [long_scene.path(file).read_bytes() for file in (*FILES, "actor/01-00.mp4")]
    for home in long_scene.path(".done/pix2pixhd").iterdir():
        home.rename(long_scene.path(home.name))
    render(long_scene, (1, 2), (0, 2))
    assert [long_scene.path(file).read_bytes() for file in (*FILES, "actor/01-00.mp4")] == alone


def test_a_shard_renders_only_its_own_chunks(long_scene):
    render(long_scene, (0, 2))
    assert [long_scene.path(file).exists() for file in (*FILES, "actor/01-00.mp4")] == [True, False, False]
    render(long_scene, (1, 2))
    assert all(long_scene.path(file).exists() for file in (*FILES, "actor/01-00.mp4"))


def test_motion_of_another_length_than_the_voice_is_refused(long_scene, faces, capsys):
    from steps.__main__ import main

    np.savez(long_scene.path("motion/00.npz"), landmarks=np.zeros((FRAMES - 1, 68, 2), np.float32))
    assert main(["pix2pixhd", "--workspace", str(long_scene.root)]) == 2
    assert "must be float32 (310, 68, 2), one face a frame; run animate again" in capsys.readouterr().err
