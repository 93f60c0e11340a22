import numpy as np
import pytest
from made_story import VOICE_RATE, click_at, write_voice

from newsreel.artifacts import FRAME_RATE
from steps.compose import music
from steps.compose.ffmpeg_graph import run_graph
from steps.compose.sound import LOUDNESS, TRUE_PEAK, Soundtrack, mastered, measure_loudness
from steps.compose.specs import OPENING_FRAMES, Timeline

pytestmark = pytest.mark.slow

RATE = music.SAMPLE_RATE


def render_sound(track: Soundtrack, timeline: Timeline, folder) -> np.ndarray:
    run_graph(mastered(track, timeline).output(str(folder / "sound.raw"), f="f32le", ar=RATE, ac=2))
    return np.fromfile(folder / "sound.raw", np.float32).reshape(-1, 2)


def level(sound: np.ndarray, start: float, end: float, low: float, high: float) -> float:
    """Decibels in a band of frequencies between two seconds."""
    part = sound[round(start * RATE) : round(end * RATE), 0]
    power = np.abs(np.fft.rfft(part * np.hanning(part.size))) ** 2
    at = np.fft.rfftfreq(part.size, 1 / RATE)
    return float(10 * np.log10(power[(at >= low) & (at < high)].sum() / part.size + 1e-12))


def whistle(seconds: float, strength: float) -> np.ndarray:
    """A substitute for a voice that has no energy in the music's octaves."""
    at = np.arange(round(seconds * VOICE_RATE)) / VOICE_RATE
    return strength * np.sin(2 * np.pi * 5000 * at) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * at))


def test_music_is_ducked_under_speech(tmp_path):
    silence = np.zeros(5 * VOICE_RATE)
    write_voice(tmp_path / "voice.wav", np.concatenate([silence, whistle(5, 0.3), silence]))
    sound = render_sound(
        Soundtrack.prepare(tmp_path, [tmp_path / "voice.wav"], with_music=True), Timeline(scenes=(450,)), tmp_path
    )
    first = OPENING_FRAMES / FRAME_RATE
    before = level(sound, first + 1.5, first + 4.5, 80, 1200)
    under = level(sound, first + 6.0, first + 9.5, 80, 1200)
    after = level(sound, first + 12, first + 14.5, 80, 1200)
    assert before - under > 8
    assert after - under > 8


@pytest.mark.parametrize("strength", [0.02, 0.9])
@pytest.mark.parametrize("with_music", [True, False])
def test_quiet_and_loud_voices_get_the_same_loudness(tmp_path, strength, with_music):
    generator = np.random.default_rng(2)
    at = np.arange(6 * VOICE_RATE) / VOICE_RATE
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * at), 0, 1) ** 2
    voice = np.tanh(generator.normal(size=at.size) * 1.5) * syllables * strength
    write_voice(tmp_path / "voice.wav", voice)
    timeline = Timeline(scenes=(180,))
    track = Soundtrack.prepare(tmp_path, [tmp_path / "voice.wav"], with_music=with_music)
    sound = mastered(track, timeline)
    assert measure_loudness(sound) == pytest.approx(LOUDNESS, abs=1.0)
    run_graph(sound.output(str(tmp_path / "loud.raw"), f="f32le", ar=4 * RATE, ac=2))
    peak = np.abs(np.fromfile(tmp_path / "loud.raw", np.float32)).max()
    assert 20 * np.log10(peak) <= TRUE_PEAK


def test_silent_voice_without_music_stays_silent(tmp_path):
    write_voice(tmp_path / "voice.wav", np.zeros(2 * VOICE_RATE))
    track = Soundtrack.prepare(tmp_path, [tmp_path / "voice.wav"], with_music=False)
    assert np.abs(render_sound(track, Timeline(scenes=(60,)), tmp_path)).max() < 1e-3


def test_sound_of_a_long_story_is_in_sync(tmp_path):
    frames = (45, 62, 71) * 14
    files = []
    for number, length in enumerate(frames[:3]):
        write_voice(tmp_path / f"{number}.wav", click_at(20, length))
        files.append(tmp_path / f"{number}.wav")
    timeline = Timeline(scenes=frames)
    sound = render_sound(Soundtrack.prepare(tmp_path, files * 14, with_music=False), timeline, tmp_path)
    assert len(sound) == timeline.end * RATE // FRAME_RATE
    starts = OPENING_FRAMES + np.cumsum([0, *frames[:-1]])
    for start in starts[[0, 1, 20, -2, -1]]:
        expected = (start + 20) * RATE // FRAME_RATE
        part = np.abs(sound[expected - 2000 : expected + 2000, 0])
        assert abs(np.argmax(part > 0.1 * part.max()) - 2000) < 0.004 * RATE


def test_bed_loops_seamlessly_and_never_clips():
    bed = music.bed()
    assert bed.shape == (round(music.BED_SECONDS * RATE), 2)
    steps = np.abs(np.diff(np.vstack([bed, bed[:1]]), axis=0))
    assert steps[-1].max() <= np.quantile(steps, 0.999)
    assert 0.1 < np.abs(bed).max() < 0.7
    halves = np.sqrt((bed.reshape(8, -1, 2) ** 2).mean(axis=(1, 2)))
    assert halves.max() / halves.min() < 1.6
    assert abs(bed.mean()) < 1e-3


def test_stings_begin_and_end_in_silence_and_never_clip():
    for sting in (music.opening_sting(), music.closing_sting()):
        assert np.abs(sting).max() < 0.8
        assert np.abs(sting[0]).max() < 0.01 and np.abs(sting[-200:]).max() < 0.02


def test_music_is_reproducible():
    assert np.array_equal(music.opening_sting(), music.opening_sting())
