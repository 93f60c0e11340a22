"""Our gentle server over HTTP: gentle's API, words in time, and words that are not spoken are not found."""

import csv
import io
import json
import re
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import soundfile
import urllib3
from scipy.signal import resample_poly

from steps.gentle_server.audio import read_recording
from steps.gentle_server.jobs import MAX_AUDIO_BYTES, AlignmentRequest, Job, JobQueue
from steps.hibari.speaker import SAMPLE_RATE
from tests.steps.gentle.recorded import SENTENCE, serving, wav_of

pytestmark = pytest.mark.slow

HTTP = urllib3.PoolManager(retries=False)


def post(server, audio, transcript, query="?async=false", **fields):
    form = {"audio": ("a.wav", audio, "audio/wav"), "transcript": transcript, **fields}
    return HTTP.request("POST", f"{server.address}/transcriptions{query}", fields=form, redirect=False)


def words_of(server, audio, transcript, **fields):
    answer = post(server, audio, transcript, **fields)
    assert answer.status == 200, answer.data
    return answer.json()["words"]


def found(words):
    return [word["word"] for word in words if word["case"] == "success"]


def missing(words):
    return [word["word"] for word in words if word["case"] == "not-found-in-audio"]


def test_a_synchronous_call_returns_words_and_phones_in_time(server, recording):
    answer = post(server, recording.wav, recording.text)
    assert answer.headers["Content-Type"] == "application/json"
    result = answer.json()
    assert result["transcript"] == recording.text
    assert found(result["words"]) == SENTENCE.replace(",", "").replace(".", "").split()
    last = 0.0
    for word in result["words"]:
        assert recording.text[word["startOffset"] : word["endOffset"]] == word["word"]
        assert word["alignedWord"] == word["word"].lower()
        assert last <= word["start"] < word["end"]
        assert sum(phone["duration"] for phone in word["phones"]) == pytest.approx(word["end"] - word["start"], abs=1e-6)
        last = word["end"]
    named = {word["word"]: [phone["phone"] for phone in word["phones"]] for word in result["words"]}
    assert named["Monday"] == ["m_B", "ah_I", "n_I", "d_I", "ey_E"]
    assert named["open"] == ["ow_B", "p_I", "ah_I", "n_E"]


def test_an_asynchronous_call_leads_to_status_json_and_csv(server, recording, wait_until_done):
    answer = post(server, recording.wav, recording.text, query="")
    assert answer.status == 302
    place = f"{server.address}{answer.headers['Location']}"
    assert b"<html" in HTTP.request("GET", place, redirect=True).data
    assert wait_until_done(place) == {"status": "OK", "duration": pytest.approx(len(recording.samples) / SAMPLE_RATE)}
    words = HTTP.request("GET", f"{place}/align.json").json()["words"]
    rows = [*csv.reader(io.StringIO(HTTP.request("GET", f"{place}/align.csv").data.decode()))]
    assert rows == [[word["word"], word["alignedWord"], str(word["start"]), str(word["end"])] for word in words]


def test_a_transcript_may_come_as_a_file(server, recording):
    form = {"audio": ("a.wav", recording.wav), "transcript": ("words.txt", recording.text)}
    answer = HTTP.request("POST", f"{server.address}/transcriptions?async=false", fields=form)
    assert len(found(answer.json()["words"])) == 16


def test_words_begin_where_their_sound_does(server, voice):
    """Words of one soft onset each, cut to what is heard and laid between silences of known length."""
    words = [
        "moon",
        "sun",
        "leaf",
        "fish",
        "nose",
        "lemon",
        "mother",
        "salmon",
        "fame",
        "vision",
        "young",
        "roses",
        "shame",
        "wind",
    ]
    parts, begins, place = [np.zeros(7200)], [], 7200
    for word in words:
        sound = voice.sentence(voice_tokens(word))
        parts += [sound, np.zeros(6000)]
        begins.append((place + 288) / SAMPLE_RATE)
        place += len(sound) + 6000
    noise = np.random.default_rng(0).normal(size=place) * 1e-4
    result = words_of(server, wav_of(np.concatenate(parts) + noise), " ".join(words))
    late = np.array([word["start"] for word in result]) - begins
    assert found(result) == words
    assert abs(np.median(late)) < 0.02
    assert np.quantile(np.abs(late), 0.9) < 0.04


def voice_tokens(word):
    from steps.init_story.script import script_of

    return script_of(word).sentences[0]


def test_an_unknown_word_is_reported_as_gentle_does(server, voice):
    text = "The mayor said that Volodymyr visited the school."
    result = words_of(server, wav_of(np.pad(voice.synthesize(text, seed=1), 4000)), text)
    name = result[4]
    assert (name["case"], name["alignedWord"]) == ("success", "<unk>")
    assert [phone["phone"] for phone in name["phones"]] == ["oov_S"]
    assert name["phones"][0]["duration"] == pytest.approx(name["end"] - name["start"], abs=1e-6)
    assert result[3]["end"] <= name["start"] < name["end"] <= result[5]["start"]


def test_words_that_are_not_spoken_are_not_found(server, recording):
    text = recording.text.replace("school", "elephant").replace("Monday,", "Monday, nobody expected the weather to change,")
    words = words_of(server, recording.wav, text)
    assert missing(words) == ["nobody", "expected", "the", "weather", "to", "change", "elephant"]
    assert found(words)[-1] == "open"


@pytest.mark.parametrize("sound", ["speech", "noise", "silence", "nothing"])
def test_a_transcript_of_something_else_is_not_found(server, recording, sound):
    samples = {
        "speech": recording.samples,
        "noise": np.random.default_rng(1).normal(size=4 * SAMPLE_RATE).clip(-4, 4) / 8,
        "silence": np.zeros(4 * SAMPLE_RATE),
        "nothing": np.zeros(0),
    }[sound]
    words = words_of(
        server, wav_of(samples), "Drivers should leave early and check the roads before they travel across the north tonight."
    )
    assert len(missing(words)) == len(words) == 15


def test_silence_and_noise_are_no_words_at_any_rate(server):
    noise = np.random.default_rng(2).normal(size=3 * 8000).clip(-4, 4) / 8
    for samples, rate in ((np.zeros(3 * 8000), 8_000), (noise, 8_000), (np.stack([noise, -noise], axis=1), 48_000)):
        assert len(missing(words_of(server, wav_of(samples, rate), "The council approved its budget."))) == 5


def test_a_truncated_recording_gives_the_words_it_has(server, recording):
    """The header still promises the whole."""
    words = words_of(server, recording.wav[: len(recording.wav) // 2], recording.text)
    assert found(words)[:5] == ["The", "council", "approved", "its", "new"]
    assert missing(words)[-3:] == ["county", "is", "open"]


def test_stereo_is_mixed_to_mono(server, recording):
    right = np.stack([np.zeros_like(recording.samples), recording.samples], axis=1)
    assert len(found(words_of(server, wav_of(right), recording.text))) == 16


def test_hesitations_are_reported_only_on_request(server, voice):
    wav = wav_of(np.pad(voice.synthesize("Um, the mayor said that the school is open.", seed=1), 6000))
    text = "The mayor said that the school is open."
    asked = words_of(server, wav, text, disfluency="on")
    assert (asked[0]["case"], asked[0]["word"]) == ("not-found-in-transcript", "um")
    assert len(found(asked)) == 8
    assert all(word["case"] != "not-found-in-transcript" for word in words_of(server, wav, text))


def float_wav(samples, rate):
    data = np.asarray(samples, "<f4").tobytes()
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, rate, 4 * rate, 4, 32) + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data


def encoded(samples, rate, **kind):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **kind)
    return file.getvalue()


@pytest.mark.parametrize(
    "kind",
    ["stereo", "8 bits", "32 bits", "44.1 kHz", "8 kHz", "8 kHz mu-law", "8 kHz A-law", "float", "FLAC", "MP3", "Ogg"],
)
def test_every_audio_format_gives_the_same_words(server, recording, kind):
    sound = recording.samples
    wav = {
        "stereo": lambda: wav_of(np.stack([sound, sound], axis=1)),
        "8 bits": lambda: wav_of(sound, width=1),
        "32 bits": lambda: wav_of(sound, width=4),
        "44.1 kHz": lambda: wav_of(resample_poly(sound, 147, 80), 44_100),
        "8 kHz": lambda: wav_of(resample_poly(sound, 1, 3), 8_000),
        "8 kHz mu-law": lambda: encoded(resample_poly(sound, 1, 3), 8_000, format="WAV", subtype="ULAW"),
        "8 kHz A-law": lambda: encoded(resample_poly(sound, 1, 3), 8_000, format="WAV", subtype="ALAW"),
        "float": lambda: float_wav(sound, SAMPLE_RATE),
        "FLAC": lambda: encoded(sound, SAMPLE_RATE, format="FLAC"),
        "MP3": lambda: encoded(sound, SAMPLE_RATE, format="MP3"),
        "Ogg": lambda: encoded(sound, SAMPLE_RATE, format="OGG"),
    }[kind]()
    assert len(found(words_of(server, wav, recording.text))) >= 15


@pytest.mark.parametrize(
    ("audio", "transcript", "status", "message"),
    [
        (b"this is no recording", "hello", 400, b"WAV"),
        (b"ID3 this is an mp3", "hello", 400, b"WAV"),
        (b"", "hello", 400, b"WAV"),
        (wav_of(np.zeros(24_000))[:30], "hello", 400, b"WAV"),
        (b"RIFF" + b"\xff" * 200, "hello", 400, b"WAV"),
        (wav_of(np.zeros(100), rate=999_999), "hello", 400, b"Hz"),
        (wav_of(np.zeros(901 * 4000), rate=4000), "hello", 400, b"too long"),
        (encoded(np.zeros(3 * 3600 * 8000, np.int16), 8000, format="FLAC"), "hello", 400, b"too long"),
        (wav_of(np.zeros((1000, 9))), "hello", 400, b"9 channels"),
        (wav_of(np.zeros(24_000)), " ", 400, b"transcript"),
        (wav_of(np.zeros(24_000)), "a " * 40_000, 413, b"50000"),
        (b"\x00" * (65 * 2**20), "hello", 413, b""),
    ],
)
def test_invalid_requests_get_a_line_that_names_the_fault(server, audio, transcript, status, message):
    answer = post(server, audio, transcript)
    assert answer.status == status
    assert message in answer.data
    assert answer.data.count(b"\n") == 1 or b"generated by gentle" in answer.data
    assert HTTP.request("GET", server.address).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("GET", "/transcriptions/abc/status.json", 404), ("GET", "/transcriptions/../x", 404), ("PUT", "/", 405)],
)
def test_other_paths_answer_in_plain_text(server, method, path, status):
    answer = HTTP.request(method, server.address + path)
    assert answer.status == status
    assert answer.data


def test_a_full_queue_a_slow_alignment_and_sigterm(recording, wait_until_done):
    long = wav_of(np.tile(recording.samples, 40))
    with serving("--workers", "1", "--waiting", "0", "--seconds", "1") as small:
        slow = post(small, long, " ".join([recording.text] * 40), query="")
        refused = post(small, recording.wav, recording.text)
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) >= 1
        assert wait_until_done(f"{small.address}{slow.headers['Location']}") == {
            "status": "ERROR",
            "duration": pytest.approx(len(recording.samples) * 40 / SAMPLE_RATE),
            "error": "the alignment took more than 1 s; send a shorter recording",
        }
        small.process.terminate()
        assert small.process.wait(10) == 0


def test_metrics_have_outcomes_durations_and_queue_length(recording):
    with serving("--workers", "1", "--waiting", "0") as own:
        assert post(own, recording.wav, recording.text).status == 200
        metrics = HTTP.request("GET", f"{own.address}/metrics").data.decode()
    for line in (
        'newsreel_alignments_total{outcome="aligned"} 1.0',
        'newsreel_alignments_total{outcome="refused"} 0.0',
        "newsreel_alignments_in_line 0.0",
        "newsreel_alignment_seconds_count 1.0",
    ):
        assert line in metrics


def test_the_json_is_formatted_as_gentles(server, recording):
    text = post(server, recording.wav, recording.text).data.decode()
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2)
    assert "words" not in post(server, recording.wav, "...").json()


def test_the_zip_has_a_page_without_server_that_escapes_words(server, recording, wait_until_done):
    text = recording.text + " </script><script>alert(1)</script>"
    place = post(server, recording.wav, text, query="").headers["Location"]
    wait_until_done(server.address + place)
    box = zipfile.ZipFile(io.BytesIO(HTTP.request("GET", f"{server.address}/zip/{place.rpartition('/')[2]}.zip").data))
    assert sorted(box.namelist()) == ["a.wav", "align.csv", "align.json", "index.html", "transcript.txt"]
    assert box.read("transcript.txt").decode() == text
    page = box.read("index.html").decode()
    inside = re.search(r'<script id="alignment" type="application/json">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(inside) == json.loads(box.read("align.json"))
    assert "alert(1)</script>" not in page


def test_the_audio_supports_range_requests(server, recording):
    place = post(server, recording.wav, recording.text, query="").headers["Location"]
    part = HTTP.request("GET", f"{server.address}{place}/a.wav", headers={"Range": "bytes=0-43"})
    assert part.status == 206
    assert part.data[:4] == b"RIFF"
    assert len(part.data) == 44


def test_old_audio_is_evicted_before_the_words(recording):
    jobs = JobQueue(1, 0, 60)
    sound = read_recording(io.BytesIO(recording.wav))
    jobs.jobs = OrderedDict((str(n), Job(str(n), "hi", bytes(MAX_AUDIO_BYTES // 2), {"status": "OK"}, "{}")) for n in range(3))
    for job in jobs.jobs.values():
        job.ended.set()
    new = jobs.submit(AlignmentRequest(sound, recording.text, False, False))
    assert [len(jobs.find(uid).wav) > 0 for uid in ("0", "1", "2", new.uid)] == [False, False, True, True]
    assert jobs.find("0").json == "{}"
    new.ended.wait(60)
    jobs.close()
