"""Attention check on synthetic alignments, and pauses where parts are concatenated."""

import numpy as np
import pytest

from steps.tacotron2.attention_check import check_attention
from steps.tacotron2.speaker import MAX_PAUSE_FRAMES, concatenate_parts, count_quiet_frames


def alignment_of(path, symbols=60):
    """Attention (frames, symbols): 0.9 on the symbol of the path in each frame, the rest spread evenly."""
    alignment = np.full((len(path), symbols), 0.1 / (symbols - 1), np.float32)
    alignment[np.arange(len(path)), path] = 0.9
    return alignment


STEADY = np.repeat(np.arange(60), 5)


@pytest.mark.parametrize(
    "path",
    [
        STEADY,
        STEADY[::3],
        STEADY[STEADY < 58],
        np.delete(STEADY, np.flatnonzero((STEADY > 20) & (STEADY < 26))),
        np.insert(STEADY, 150, [28, 27, 28]),
        np.insert(STEADY, 150, [29] * 100),
    ],
    ids=["steady", "quick", "full stop unread", "silent letters", "a look back", "a long pause"],
)
def test_a_good_alignment_passes(path):
    assert check_attention(alignment_of(path), True) is None


@pytest.mark.parametrize(
    ("path", "description"),
    [
        (STEADY[(STEADY < 20) | (STEADY > 35)], "left out words"),
        (STEADY[STEADY > 20], "left out words"),
        (STEADY[STEADY < 40], "ended before the last 20 symbols"),
        (np.concatenate([STEADY[:200], STEADY[100:]]), "said words twice"),
        (np.insert(STEADY, 150, [30] * 200), "kept to one sound"),
    ],
    ids=["gap", "beginning", "end", "repeated", "stuck"],
)
def test_a_bad_alignment_is_described(path, description):
    fault = check_attention(alignment_of(path), True)
    assert fault and fault.description == description and not fault.untrained


def test_an_utterance_whose_gate_never_fires_fails():
    fault = check_attention(alignment_of(STEADY), False)
    assert fault and fault.description == "did not come to an end in 300 frames"


def test_scattered_attention_means_untrained_weights():
    fault = check_attention(np.full((300, 60), 1 / 60, np.float32), True)
    assert fault and fault.untrained


def mel_of(quiet_before, loud, quiet_after):
    return np.repeat(np.array([-11.5, 0.0, -11.5], np.float32), [quiet_before, loud, quiet_after])[:, None].repeat(80, 1)


def test_quiet_frames_at_the_edges_are_counted():
    assert count_quiet_frames(mel_of(7, 20, 30)) == (7, 30)


@pytest.mark.parametrize("mark", MAX_PAUSE_FRAMES)
@pytest.mark.parametrize("quiet", [0, 1, 60])
def test_pauses_between_parts_are_cut_to_their_marks_limit(mark, quiet):
    mel = concatenate_parts([mel_of(quiet, 20, quiet), mel_of(quiet, 30, quiet)], [mark, "."])
    loud = np.flatnonzero(mel[:, 0] > -1)
    assert len(loud) == 50
    assert np.diff(loud).max() - 1 == min(2 * quiet, MAX_PAUSE_FRAMES[mark])
    assert loud[0] <= 4 and len(mel) - 1 - loud[-1] <= 4
