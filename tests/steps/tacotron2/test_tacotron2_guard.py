"""The guard on alignments drawn by hand, and what is cut where parts meet."""

import numpy as np
import pytest

from steps.tacotron2.guard import fault_of
from steps.tacotron2.joining import PAUSE, joined, quiet_edges


def alignment_of(path, symbols=60):
    """Attention that lies, nine tenths of it, on the symbols of the path, one a frame."""
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
def test_a_good_reading_passes(path):
    assert fault_of(alignment_of(path), True) is None


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (STEADY[(STEADY < 20) | (STEADY > 35)], "left out words"),
        (STEADY[STEADY > 20], "left out words"),
        (STEADY[STEADY < 40], "ended before the last 20 symbols"),
        (np.concatenate([STEADY[:200], STEADY[100:]]), "said words twice"),
        (np.insert(STEADY, 150, [30] * 200), "kept to one sound"),
    ],
    ids=["gap", "beginning", "end", "repeated", "stuck"],
)
def test_a_bad_reading_is_told(path, told):
    fault = fault_of(alignment_of(path), True)
    assert fault and fault.told == told and not fault.of_weights


def test_a_gate_that_never_fires_is_a_runaway():
    fault = fault_of(alignment_of(STEADY), False)
    assert fault and fault.told == "did not come to an end in 300 frames"


def test_attention_everywhere_is_no_reading_and_the_weights_fault():
    fault = fault_of(np.full((300, 60), 1 / 60, np.float32), True)
    assert fault and fault.of_weights


def mel_of(quiet_before, loud, quiet_after):
    return np.repeat(np.array([-11.5, 0.0, -11.5], np.float32), [quiet_before, loud, quiet_after])[:, None].repeat(80, 1)


def test_quiet_edges_are_counted():
    assert quiet_edges(mel_of(7, 20, 30)) == (7, 30)


@pytest.mark.parametrize("mark", PAUSE)
@pytest.mark.parametrize("quiet", [0, 1, 60])
def test_no_pause_within_a_sentence_is_longer_than_its_mark_deserves(mark, quiet):
    mel = joined([mel_of(quiet, 20, quiet), mel_of(quiet, 30, quiet)], [mark, "."])
    loud = np.flatnonzero(mel[:, 0] > -1)
    assert len(loud) == 50
    assert np.diff(loud).max() - 1 == min(2 * quiet, PAUSE[mark])
    assert loud[0] <= 4 and len(mel) - 1 - loud[-1] <= 4
