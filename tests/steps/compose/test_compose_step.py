import itertools
import shutil

import av
import numpy as np
import pytest
from made_story import FLASH, HOSTILE, SCENE_FRAMES, Sketch, compose, make_workspace, spoken
from PIL import Image

from newsreel.artifacts import FRAME_RATE, Speech, VideoContents
from newsreel.workspace import Workspace
from steps.compose.compositor import Compositor
from steps.compose.graphics.brand import load_brand
from steps.compose.sound import Soundtrack, measure_loudness
from steps.compose.specs import CLOSING_FRAMES, OPENING_FRAMES, JoinSpec, Timeline
from steps.compose.step import plan

pytestmark = pytest.mark.slow

BRAND = load_brand("newsreel")
END = OPENING_FRAMES + 2 * SCENE_FRAMES + CLOSING_FRAMES


def frames_of(path, wanted) -> dict[int, np.ndarray]:
    with av.open(str(path)) as container:
        return {
            number: frame.to_ndarray(format="rgb24").astype(int)
            for number, frame in enumerate(container.decode(video=0))
            if number in wanted
        }


@pytest.fixture(scope="module")
def small_story(tmp_path_factory) -> Workspace:
    """Two composed scenes of a second and a half, with opening and closing."""
    sketches = [
        Sketch(headline=HOSTILE, colour=(40, 120, 60), words=spoken("Tom & Ann say 3.5%")),
        Sketch(headline="A second headline", colour=(200, 60, 40), words=spoken("It is £1,200 a year."), captions="plain"),
    ]
    workspace = make_workspace(tmp_path_factory.mktemp("small"), sketches)
    compose(workspace)
    return workspace


@pytest.fixture(scope="module")
def landscape(small_story):
    return small_story.path("final/landscape.mp4")


@pytest.fixture(scope="module")
def scene_frames(landscape):
    first = OPENING_FRAMES
    return frames_of(landscape, {first + FLASH - 1, first + FLASH, first + FLASH + 1, first + 30, first + SCENE_FRAMES + 30})


def test_video_has_the_expected_streams(landscape):
    with av.open(str(landscape)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (1920, 1080, 30)
        assert (video.codec_context.name, video.profile, video.pix_fmt) == ("h264", "High", "yuv420p")
        context = video.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)  # BT.709
        assert (sound.codec_context.name, sound.rate, sound.channels) == ("aac", 48000, 2)
        assert video.frames == END
        assert float(video.duration * video.time_base) == pytest.approx(END / 30)
        assert float(sound.duration * sound.time_base) == pytest.approx(END / 30, abs=0.03)
        assert container.metadata["title"] == "A small story"


def test_index_comes_before_the_data(landscape):
    content = landscape.read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")


def test_every_frame_decodes_at_its_own_time(landscape):
    with av.open(str(landscape)) as container:
        times = [frame.pts * frame.time_base * FRAME_RATE for frame in container.decode(video=0)]
    assert times == list(range(END))


def test_picture_and_voice_are_in_sync(landscape, scene_frames):
    place = BRAND.places.presenter
    bright = {number: frame[place.top + 200, place.left + 250].mean() for number, frame in scene_frames.items()}
    first = OPENING_FRAMES + FLASH
    assert bright[first] > 200 > bright[first - 1] and bright[first + 1] < 200
    with av.open(str(landscape)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    rate = 48_000
    for start in (OPENING_FRAMES, OPENING_FRAMES + SCENE_FRAMES):
        expected = (start + FLASH) * rate // FRAME_RATE
        around = np.abs(np.diff(sound[expected - rate // 10 : expected + rate // 10]))
        onset = np.argmax(around > 0.25 * around.max()) - rate // 10
        assert abs(onset) < rate / FRAME_RATE / 2


def test_colours_are_those_of_brand_and_picture(scene_frames):
    frame = scene_frames[OPENING_FRAMES + 30]
    picture = BRAND.places.picture
    assert np.abs(frame[picture.top + 250, picture.left + 500] - (40, 120, 60)).max() < 8
    accent = np.array(BRAND.colours["accent"])
    bar = frame[picture.bottom - 120 : picture.bottom - 40, picture.left + 46 : picture.left + 54]
    assert np.abs(bar - accent).max(axis=-1).min() < 12


def test_each_scene_shows_its_own_picture(scene_frames):
    picture = BRAND.places.picture
    frame = scene_frames[OPENING_FRAMES + SCENE_FRAMES + 30]
    assert np.abs(frame[picture.top + 250, picture.left + 500] - (200, 60, 40)).max() < 8


def test_captions_follow_the_words_of_the_whole_video(small_story):
    text = small_story.path("final/captions.vtt").read_text(encoding="utf-8")
    assert text.startswith("WEBVTT\n")
    assert "00:00:02.740 --> " in text and "Tom &amp; Ann say 3.5%" in text
    second = (OPENING_FRAMES + SCENE_FRAMES) / 30 + 0.24
    assert f"00:00:0{second:.3f} --> " in text and "It is £1,200 a year." in text


def test_poster_is_a_full_frame_with_the_title(small_story):
    with Image.open(small_story.path("final/poster.jpg")) as poster:
        assert (poster.format, poster.size) == ("JPEG", (1920, 1080))
        assert np.asarray(poster.convert("L"))[400:800, 140:1300].max() > 240


def test_contact_sheet_has_each_scene_in_its_cell(small_story):
    contents = VideoContents.model_validate_json(small_story.path("final/contents.json").read_bytes())
    with Image.open(small_story.path("final/sheet.jpg")) as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (960, 270))
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    for scene, colour in zip(contents.scenes, [(40, 120, 60), (200, 60, 40)], strict=True):
        place = pixels[scene.row * 270 + 60 : scene.row * 270 + 80, scene.column * 480 + 120 : scene.column * 480 + 140]
        assert np.abs(place.mean(axis=(0, 1)) - colour).max() < 14


def test_contents_have_times_of_scenes_and_loudness(small_story):
    contents = VideoContents.model_validate_json(small_story.path("final/contents.json").read_bytes())
    start = OPENING_FRAMES / 30
    assert [(scene.start, scene.end) for scene in contents.scenes] == [(start, start + 1.5), (start + 1.5, start + 3)]
    assert contents.seconds == start + 3 + 2.5
    assert contents.loudness == pytest.approx(-16, abs=1)
    assert -12 < contents.true_peak < -1


def test_video_has_the_target_loudness(landscape):
    import ffmpeg

    assert measure_loudness(ffmpeg.input(str(landscape)).audio) == pytest.approx(-16, abs=1)


def test_second_run_does_nothing(small_story, capsys):
    compose(small_story)
    assert capsys.readouterr().err.count("unchanged") == 5


def test_only_a_changed_scene_is_rendered_again(small_story, tmp_path, capsys):
    shutil.copytree(small_story.root, tmp_path / "copy")
    workspace = Workspace(tmp_path / "copy")
    story = workspace.story
    changed = story.scenes[1].model_copy(update={"headline": "Changed"})
    workspace.set_story(story.model_copy(update={"revision": 2, "scenes": [story.scenes[0], changed]}))
    compose(workspace)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines if "unchanged" not in line] == ["scene 01", "the whole"]


def test_finished_run_leaves_no_temporary_files(small_story):
    assert not list(small_story.root.rglob(".tmp-*"))


def test_many_joined_pieces_stay_in_sync(small_story, tmp_path):
    count = 40
    timeline = Timeline(scenes=(SCENE_FRAMES,) * count)
    part = JoinSpec(title=HOSTILE, music="none", timeline=timeline, pieces=())
    path = small_story.path
    video = tmp_path / "long.mp4"
    Compositor(brand=BRAND, stills=None, folder=tmp_path).join(
        part,
        pieces=[path("scenes/opening.mp4"), *[path("scenes/00.mp4")] * count, path("scenes/closing.mp4")],
        voices=[path("voice/00.wav")] * count,
        speeches=[path("phones/00.json")] * count,
        drafts=[video, tmp_path / "long.vtt", tmp_path / "sheet.jpg", tmp_path / "contents.json"],
    )
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        step = 1 / FRAME_RATE / stream.time_base
        assert sorted(packet.pts for packet in packets) == [round(step * number) for number in range(timeline.end)]
        assert all(one.dts < other.dts for one, other in itertools.pairwise(packets))
        assert container.metadata["title"] == HOSTILE
    with av.open(str(video)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    last = OPENING_FRAMES + (count - 1) * SCENE_FRAMES + FLASH
    expected = last * 48_000 // FRAME_RATE
    around = np.abs(sound[expected - 4800 : expected + 4800])
    assert abs(np.argmax(around > 0.15 * around.max()) - 4800) < 800


def test_piece_depends_only_on_what_it_shows(tmp_path):
    sketch = Sketch(headline="A", colour=(9, 9, 9), words=spoken("One."), frames=24, flash=10)
    units = {unit.name: unit for unit in plan(make_workspace(tmp_path, [sketch, sketch]))}
    assert units["closing"].reads == ()
    assert "index" not in units["scene 01"].settings
    assert list(units) == ["opening", "scene 00", "scene 01", "closing", "the whole"]
    Speech.model_validate_json((tmp_path / "phones/00.json").read_text())


def test_paths_with_quotes_and_colons_work(tmp_path):
    odd = tmp_path / "it's: a [strange], place; x=1"
    odd.mkdir()
    (odd / "voice.wav").write_bytes(b"")
    track = Soundtrack.prepare(odd, [odd / "voice.wav"], with_music=False)
    assert "it'\\''s" in track.voices.read_text()
