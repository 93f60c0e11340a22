"""The optimized generator equals the published net in float32, and closely in bfloat16."""

import numpy as np
import pytest
import torch
from small_nets import SIZE, SMALL_GLOBAL, SMALL_LOCAL, seeded_generator

from newsreel.presenters.bundle import load_presenter
from steps.pix2pixhd import load_generator
from steps.pix2pixhd.config import Architecture
from steps.pix2pixhd.encoding import draw_edges
from steps.pix2pixhd.optimized_generator import OptimizedGenerator
from steps.pix2pixhd.renderer import open_renderer, to_frames
from steps.pix2pixhd.training.dataset import encode
from steps.pix2pixhd.training.evaluation import peak_signal_to_noise

TWO_ENHANCERS = Architecture(net="local", ngf=16, n_downsample_global=2, n_blocks_global=1, n_local_enhancers=2, n_blocks_local=1)


@pytest.mark.parametrize("architecture", [SMALL_GLOBAL, SMALL_LOCAL, TWO_ENHANCERS], ids=["global", "local", "two enhancers"])
def test_optimized_generator_equals_the_net_in_float32(architecture):
    generator = seeded_generator(architecture)
    encoding = torch.rand(2, architecture.input_nc, 32, 64)
    plain, optimized = generator(encoding), OptimizedGenerator(generator, torch.float32)(encoding)
    torch.testing.assert_close(optimized, plain, atol=2e-4, rtol=0)


def test_optimizing_does_not_change_the_generator():
    generator = seeded_generator(SMALL_GLOBAL)
    before = {key: tensor.clone() for key, tensor in generator.state_dict().items()}
    OptimizedGenerator(generator, torch.bfloat16)(torch.rand(1, 3, 32, 32))
    assert all(torch.equal(tensor, before[key]) for key, tensor in generator.state_dict().items())


def test_bfloat16_is_within_45_db_of_float32(faces):
    presenter = load_presenter("maya")
    generator = load_generator(presenter.generator)
    encoding = encode(np.stack([draw_edges(points, presenter.size, presenter.body) for points in faces[1][::4]]))
    with torch.inference_mode():
        plain, optimized = generator(encoding), OptimizedGenerator(generator, torch.bfloat16)(encoding)
    assert peak_signal_to_noise(to_frames(optimized), to_frames(plain)) >= 45


def test_levels_are_clipped_and_truncated_as_published():
    picture = torch.tensor([-2.0, -1.0, -0.999, 0.0, 0.999, 1.0, 7.0]).view(1, 1, 1, 7)
    assert to_frames(picture).ravel().tolist() == [0, 0, 0, 127, 254, 255, 255]


@pytest.mark.parametrize("count", [1, 4, 23])
def test_all_frames_come_in_order_whatever_the_batches(workspace, count):
    landmarks = np.load(workspace.path("motion/00.npz"))["landmarks"][:count]
    with open_renderer(load_presenter("maya").generator, cores=2) as renderer:
        together = np.concatenate([*renderer.frames(landmarks, SIZE)])
        singly = np.concatenate([renderer.render(points[None], SIZE, ()) for points in landmarks])
    assert together.shape == (count, SIZE, SIZE, 3)
    assert peak_signal_to_noise(together, singly) > 45
