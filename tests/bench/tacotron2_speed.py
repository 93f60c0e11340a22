"""Speed of tacotron2, compared with torch's own modules over the same weights: `python -m tests.bench.tacotron2_speed`.

Random weights of the published sizes, the same sentences, dropout and number of frames for each; all in one run, each in a
process of its own, so that its peak memory is its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from steps.tacotron2.layers import Architecture
from steps.tacotron2.model import OptimizedTacotron2, Tacotron2, draw_prenet_dropout, dropout_multipliers

SECONDS_PER_FRAME = 256 / 22_050
SENTENCES, SYMBOLS, FRAMES = 8, 100, 80
"""A scene of eight sentences; the frames are fewer than such sentences have, since each takes the same time."""
THREADS = 1
"""As the step runs it."""


def measure() -> dict[str, dict[str, float]]:
    """For each variant: `rtf`, seconds of work per second of speech, and `peak_mb` of the process including torch."""
    return {name: measure_in_process(name) for name in VARIANTS}


def measure_in_process(name: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.tacotron2_speed", "--variant", name]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return figures


def plain(net: Tacotron2, symbols: Tensor, masks: Tensor) -> None:
    """One sentence after another, one module after another."""
    for number, row in enumerate(symbols):
        memory = net.encoder(net.embedding(row[None]).mT)
        mel = plain_decoder(net, memory, dropout_multipliers(masks[:, :, number]))
        mel + net.postnet(mel.mT).mT


def plain_decoder(net: Tacotron2, memory: Tensor, masks: Tensor) -> Tensor:
    """The decoder as in the paper: memory (1, T, channels) to mel (1, frames, 80)."""
    decoder, attention = net.decoder, net.decoder.attention_layer
    location = attention.location_layer
    processed_memory = attention.memory_layer.linear_layer(memory)
    first, second = (layer.linear_layer for layer in decoder.prenet.layers)
    mel, context = memory.new_zeros(1, 80), memory.new_zeros(1, memory.shape[2])
    hidden = (memory.new_zeros(1, 1024), memory.new_zeros(1, 1024))
    decoder_hidden = (memory.new_zeros(1, 1024), memory.new_zeros(1, 1024))
    last, summed = memory.new_zeros(1, memory.shape[1]), memory.new_zeros(1, memory.shape[1])
    mels = []
    for mask in masks:
        prenet = second(first(mel).relu() * mask[0]).relu() * mask[1]
        hidden = decoder.attention_rnn(torch.cat([prenet, context], 1), hidden)
        where = location.location_dense.linear_layer(location.location_conv(torch.stack([last, summed], 1)).mT)
        query = attention.query_layer.linear_layer(hidden[0])[:, None]
        last = attention.v.linear_layer((query + where + processed_memory).tanh())[..., 0].softmax(1)
        summed = summed + last
        context = (last[:, None] @ memory)[:, 0]
        decoder_hidden = decoder.decoder_rnn(torch.cat([hidden[0], context], 1), decoder_hidden)
        output = torch.cat([decoder_hidden[0], context], 1)
        mel = decoder.linear_projection.linear_layer(output)
        decoder.gate_layer.linear_layer(output)
        mels.append(mel)
    return torch.stack(mels, 1)


Infer = Callable[[Tensor, Tensor], object]
VARIANTS: dict[str, Callable[[Tacotron2], Infer]] = {
    "plain": lambda net: lambda symbols, masks: plain(net, symbols, masks),
    "fp32": lambda net: optimized(net.optimized()),
    "bf16": lambda net: optimized(net.optimized(dtype=torch.bfloat16)),
}


def optimized(net: OptimizedTacotron2) -> Infer:
    return lambda symbols, masks: net.infer(symbols, [SYMBOLS] * len(symbols), masks=masks, frames=len(masks))


def run(name: str) -> dict[str, float]:
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    net = Tacotron2(Architecture()).eval().requires_grad_(False)
    symbols = torch.randint(1, 148, (SENTENCES, SYMBOLS))
    masks = torch.stack([draw_prenet_dropout(number, FRAMES, 256) for number in range(SENTENCES)], dim=2)
    with torch.inference_mode():
        infer = VARIANTS[name](net)
        infer(symbols, masks[:2])
        began = time.perf_counter()
        infer(symbols, masks)
        took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rtf": took / (SENTENCES * FRAMES * SECONDS_PER_FRAME), "peak_mb": peak}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tacotron2_speed", description=__doc__)
    parser.add_argument("--variant", choices=VARIANTS, help="only this one, in this process")
    variant = parser.parse_args(arguments).variant
    if variant:
        print(json.dumps(run(variant)))
        return
    for name, figures in measure().items():
        print(f"tacotron2 {name}: {figures['rtf']:.2f} s for a second of speech, {figures['peak_mb']:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
