"""The GPU renderer on any device: a GPU replays a captured graph, a CPU runs layer by layer."""

import subprocess

import numpy as np
import pytest
import torch
from small_nets import SMALL_GLOBAL, seeded_generator

from newsreel.media.encoder import VISUALLY_LOSSLESS_GPU, find_ffmpeg, has_nvenc
from steps.pix2pixhd import renderer
from steps.pix2pixhd.renderer import GpuRenderer, prepare_for_gpu, to_frames, to_pixels

pytestmark = pytest.mark.slow

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
WIDTH, HEIGHT, BATCH = 64, 32, 2


@pytest.fixture
def edges():
    """Five pictures that all differ: two full batches and a partial one."""
    return np.random.default_rng(3).integers(0, 256, (5, HEIGHT, WIDTH, 3), np.uint8)


def batches(edges):
    return [edges[start : start + BATCH] for start in range(0, len(edges), BATCH)]


def test_gpu_renderer_gives_the_generators_frames_in_order(edges):
    generator = prepare_for_gpu(seeded_generator(SMALL_GLOBAL), DEVICE)
    rendered = [*GpuRenderer(generator, DEVICE, BATCH, WIDTH, HEIGHT, "rgb24").frames(batches(edges))]
    assert [len(frames) for frames in rendered] == [2, 2, 1]
    encoding = torch.from_numpy(edges).permute(0, 3, 1, 2).float() / 255
    expected = to_frames(seeded_generator(SMALL_GLOBAL)(encoding))
    assert np.abs(np.concatenate(rendered).astype(int) - expected).mean() < (0.01 if DEVICE.type == "cpu" else 2)


def test_yielded_frames_are_not_overwritten_by_later_batches(edges):
    renderer = GpuRenderer(prepare_for_gpu(seeded_generator(SMALL_GLOBAL), DEVICE), DEVICE, BATCH, WIDTH, HEIGHT, "rgb24")
    given, copies = [], []
    for frames in renderer.frames(batches(edges)):
        given.append(frames)
        copies.append(frames.copy())
    assert all((frames == copy).all() for frames, copy in zip(given, copies, strict=True))


def test_nv12_frames_have_one_and_a_half_bytes_a_pixel(edges):
    generator = prepare_for_gpu(seeded_generator(SMALL_GLOBAL), DEVICE)
    (frames,) = GpuRenderer(generator, DEVICE, BATCH, WIDTH, HEIGHT, "nv12").frames([edges[:BATCH]])
    assert frames.nbytes == BATCH * WIDTH * HEIGHT * 3 // 2
    with torch.inference_mode():
        encoding = (torch.from_numpy(edges[:BATCH]).permute(0, 3, 1, 2).float() / 255).to(
            DEVICE, next(generator.parameters()).dtype
        )
        expected = to_pixels(generator(encoding), "nv12").cpu().numpy()
    assert np.abs(frames.astype(int) - expected).mean() < 0.1


def test_short_and_empty_videos_are_rendered(edges):
    renderer = GpuRenderer(prepare_for_gpu(seeded_generator(SMALL_GLOBAL), DEVICE), DEVICE, 4, WIDTH, HEIGHT, "rgb24")
    assert [frames.shape for frames in renderer.frames([edges[:1]])] == [(1, HEIGHT, WIDTH, 3)]
    assert not [*renderer.frames([])]


def test_nvenc_is_used_only_if_it_can_encode(tmp_path):
    """True on a machine with NVENC; False on one without, although ffmpeg may list the encoder."""
    path = tmp_path / "a.mp4"
    picture = ("-f", "lavfi", "-i", "color=size=320x320:rate=30", "-frames:v", "2")
    made = (
        subprocess.run([find_ffmpeg(), "-v", "quiet", *picture, *VISUALLY_LOSSLESS_GPU, str(path)], check=False).returncode == 0
    )
    assert has_nvenc() == made


@pytest.mark.skipif(DEVICE.type == "cuda", reason="is about CPU cores")
def test_full_size_net_renders_one_frame_on_all_cores(workspace, monkeypatch):
    weights = next(workspace.root.parent.rglob("generator.pth"))
    landmarks = np.load(workspace.path("motion/00.npz"))["landmarks"][:3]
    with renderer.open_renderer(weights, cores=2) as small:
        assert (small.workers, small.batch, torch.get_num_threads()) == (2, 4, 1)
        expected = np.concatenate([*small.frames(landmarks, (96, 64))])
    monkeypatch.setattr(renderer, "LARGE_NET_PARAMETERS", 1)
    with renderer.open_renderer(weights, cores=2) as large:
        assert (large.workers, large.batch, torch.get_num_threads()) == (1, 1, 2)
        frames = np.concatenate([*large.frames(landmarks, (96, 64))])
    assert frames.shape == expected.shape == (3, 64, 96, 3)
    assert np.abs(frames.astype(int) - expected).mean() < 2
