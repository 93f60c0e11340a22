"""Our gentle server over HTTP: the API people know, words in time, and what is not there is not found."""

import csv
import io
import json
import struct
import time

import numpy as np
import pytest
import urllib3
from conftest import SENTENCE, serving, wav_of
from scipy.signal import resample_poly

from steps.hibari.speaker import SAMPLE_RATE

HTTP = urllib3.PoolManager(retries=False)


def post(server, audio, transcript, query="?async=false", **fields):
    form = {"audio": ("a.wav", audio, "audio/wav"), "transcript": transcript, **fields}
    return HTTP.request("POST", f"{server.address}/transcriptions{query}", fields=form, redirect=False)


def ended(place):
    """The status of a transcription once it is done."""
    for _ in range(400):
        status = HTTP.request("GET", f"{place}/status.json").json()
        if status["status"] not in ("STARTED", "TRANSCRIBING"):
            return status
        time.sleep(0.05)
    raise AssertionError(f"still {status}")


def words_of(server, audio, transcript, **fields):
    answer = post(server, audio, transcript, **fields)
    assert answer.status == 200, answer.data
    return answer.json()["words"]


def found(words):
    return [word["word"] for word in words if word["case"] == "success"]


def missing(words):
    return [word["word"] for word in words if word["case"] == "not-found-in-audio"]


def test_a_synchronous_call_answers_with_every_word_and_phone_in_time(server, recording):
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


def test_an_asynchronous_call_leads_to_status_json_and_csv(server, recording):
    answer = post(server, recording.wav, recording.text, query="")
    assert answer.status == 302
    place = f"{server.address}{answer.headers['Location']}"
    assert b"<html" in HTTP.request("GET", place).data
    assert ended(place) == {"status": "OK", "duration": pytest.approx(len(recording.samples) / SAMPLE_RATE)}
    words = HTTP.request("GET", f"{place}/align.json").json()["words"]
    rows = [*csv.reader(io.StringIO(HTTP.request("GET", f"{place}/align.csv").data.decode()))]
    assert rows == [[word["word"], word["alignedWord"], str(word["start"]), str(word["end"])] for word in words]


def test_a_transcript_may_come_as_a_file(server, recording):
    form = {"audio": ("a.wav", recording.wav), "transcript": ("words.txt", recording.text)}
    answer = HTTP.request("POST", f"{server.address}/transcriptions?async=false", fields=form)
    assert len(found(answer.json()["words"])) == 16


def test_words_begin_where_the_sound_does(server, voice):
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
    from steps.init_story.spoken import script_of

    return script_of(word).sentences[0]


def test_an_unknown_word_holds_its_place_as_gentle_has_it(server, voice):
    text = "The mayor said that Volodymyr visited the school."
    result = words_of(server, wav_of(np.pad(voice.synthesise(text, seed=1), 4000)), text)
    name = result[4]
    assert (name["case"], name["alignedWord"]) == ("success", "<unk>")
    assert [phone["phone"] for phone in name["phones"]] == ["oov_S"]
    assert name["phones"][0]["duration"] == pytest.approx(name["end"] - name["start"], abs=1e-6)
    assert result[3]["end"] <= name["start"] < name["end"] <= result[5]["start"]


def test_words_that_are_not_said_are_not_found_and_the_others_are(server, recording):
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


def test_a_hesitation_is_told_only_to_who_asks(server, voice):
    wav = wav_of(np.pad(voice.synthesise("Um, the mayor said that the school is open.", seed=1), 6000))
    text = "The mayor said that the school is open."
    asked = words_of(server, wav, text, disfluency="on")
    assert (asked[0]["case"], asked[0]["word"]) == ("not-found-in-transcript", "um")
    assert len(found(asked)) == 8
    assert all(word["case"] != "not-found-in-transcript" for word in words_of(server, wav, text))


def float_wav(samples, rate):
    data = np.asarray(samples, "<f4").tobytes()
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, rate, 4 * rate, 4, 32) + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data


@pytest.mark.parametrize("kind", ["stereo", "8 bits", "32 bits", "44.1 kHz", "8 kHz", "float"])
def test_every_kind_of_wav_gives_the_same_words(server, recording, kind):
    sound = recording.samples
    wav = {
        "stereo": lambda: wav_of(np.stack([sound, sound], axis=1)),
        "8 bits": lambda: wav_of(sound, width=1),
        "32 bits": lambda: wav_of(sound, width=4),
        "44.1 kHz": lambda: wav_of(resample_poly(sound, 147, 80), 44_100),
        "8 kHz": lambda: wav_of(resample_poly(sound, 1, 3), 8_000),
        "float": lambda: float_wav(sound, SAMPLE_RATE),
    }[kind]()
    assert len(found(words_of(server, wav, recording.text))) >= 15


@pytest.mark.parametrize(
    ("audio", "transcript", "status", "says"),
    [
        (b"ID3 this is an mp3", "hello", 400, b"WAV"),
        (wav_of(np.zeros(24_000))[:30], "hello", 400, b"WAV"),
        (b"RIFF" + b"\xff" * 200, "hello", 400, b"WAV"),
        (wav_of(np.zeros(100), rate=999_999), "hello", 400, b"Hz"),
        (wav_of(np.zeros(901 * 4000), rate=4000), "hello", 400, b"too long"),
        (wav_of(np.zeros(24_000)), " ", 400, b"transcript"),
        (wav_of(np.zeros(24_000)), "a " * 40_000, 413, b"50000"),
        (b"\x00" * (65 * 2**20), "hello", 413, b""),
    ],
)
def test_hostile_or_mistaken_calls_get_a_line_that_says_what_is_wrong(server, audio, transcript, status, says):
    answer = post(server, audio, transcript)
    assert answer.status == status
    assert says in answer.data
    assert HTTP.request("GET", server.address).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("GET", "/transcriptions/abc/status.json", 404), ("GET", "/transcriptions/../x", 404), ("PUT", "/", 405)],
)
def test_other_addresses_answer_plainly(server, method, path, status):
    answer = HTTP.request(method, server.address + path)
    assert answer.status == status
    assert answer.data


def test_a_full_line_says_when_to_come_back_a_slow_alignment_is_stopped_and_sigterm_ends_it(recording):
    long = wav_of(np.tile(recording.samples, 40))
    with serving("--workers", "1", "--waiting", "0", "--seconds", "1") as small:
        slow = post(small, long, " ".join([recording.text] * 40), query="")
        refused = post(small, recording.wav, recording.text)
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) >= 1
        assert ended(f"{small.address}{slow.headers['Location']}") == {
            "status": "ERROR",
            "duration": pytest.approx(len(recording.samples) * 40 / SAMPLE_RATE),
            "error": "the alignment took more than 1 s; send a shorter recording",
        }
        small.process.terminate()
        assert small.process.wait(10) == 0


def test_its_json_is_as_gentle_writes_it(server, recording):
    text = post(server, recording.wav, recording.text).data.decode()
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2)
    assert "words" not in post(server, recording.wav, "...").json()
