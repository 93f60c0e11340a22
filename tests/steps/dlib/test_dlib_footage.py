"""Any video is decoded to upright squares, 30 a second; invalid files are refused by name."""

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from newsreel.errors import BadInput, BadWeights
from steps.dlib.footage import MAX_FRAMES, Framing, decode_presenter_footage, frame_count, views

SIZE = 128


def grey(level, height=SIZE, width=SIZE):
    return np.full((height, width, 3), level, np.uint8)


def corner(height=SIZE, width=SIZE):
    """Black, with the upper left quarter white."""
    picture = grey(0, height, width)
    picture[: height // 2, : width // 2] = 255
    return picture


@pytest.fixture
def clip(tmp_path):
    """A video file of the given frames, `times` in seconds; other codecs, pixel formats and containers on demand."""

    def write(frames, times=None, *, name="clip.mp4", rate=30, codec="libx264", pixels="yuv420p", **options):
        path = tmp_path / name
        base = Fraction(1, 9000)
        with av.open(path, "w") as container:
            stream = container.add_stream(codec, rate=rate, options={"crf": "8", **options} if codec == "libx264" else options)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt, stream.codec_context.time_base = pixels, base
            for number, frame in enumerate(frames):
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format=pixels)
                picture.pts, picture.time_base = round((number / rate if times is None else times[number]) / base), base
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        return path

    return write


def levels(path, **given):
    return [round(float(view.luma.mean()) / 10) for view in views(path, SIZE, **given)]


def is_open(path):
    return any(other.resolve() == path.resolve() for other in Path("/proc/self/fd").iterdir())


def luma(path, size=SIZE):
    return next(iter(views(path, size))).luma


def test_25_fps_become_30_and_last_as_long(clip):
    path = clip([grey(10 * number) for number in range(25)], rate=25)
    seen = levels(path)
    assert abs(len(seen) - 30) <= 1
    assert seen == sorted(seen) and set(seen) == set(range(25)), "each picture once or twice, in order"
    assert abs(frame_count(path) - 30) <= 1


def test_60_fps_become_30(clip):
    seen = levels(clip([grey(4 * number) for number in range(60)], rate=60))
    assert abs(len(seen) - 30) <= 1


def test_variable_frame_rate_follows_its_time_stamps(clip):
    times = [0.0, 0.1, 0.2, 0.6, 0.7]
    seen = levels(clip([grey(40 * number) for number in range(5)], times))
    assert seen[:21] == [0] * 3 + [4] * 3 + [8] * 12 + [12] * 3


def test_gap_in_the_time_stamps_is_refused_with_its_time(clip):
    with pytest.raises(BadWeights, match=r"no frame from 0\.1 to 3\.0 s"):
        levels(clip([grey(9)] * 4, [0.0, 0.1, 3.0, 3.1]))


@pytest.mark.parametrize(("turn", "bright"), [(90, (1, 0)), (180, (1, 1)), (270, (0, 1))])
def test_rotated_clip_is_read_upright(clip, tmp_path, turn, bright):
    """`display_rotation` is in degrees counterclockwise; the white quarter goes from upper left to (row, column) `bright`."""
    turned = tmp_path / "turned.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-display_rotation", str(turn), "-i", str(clip([corner()] * 3)), "-c", "copy"]
    subprocess.run([*command, str(turned)], check=True, capture_output=True)
    seen = luma(turned)
    half = SIZE // 2
    quarters = {(row, column): seen[row * half :, column * half :][:half, :half].mean() for row in (0, 1) for column in (0, 1)}
    assert max(quarters, key=quarters.get) == bright
    assert next(iter(views(turned, SIZE))).colour[bright[0] * (SIZE - 1), bright[1] * (SIZE - 1)].min() > 240


@pytest.mark.parametrize(("height", "width"), [(128, 300), (300, 128), (1080, 1920), (97, 131)])
def test_middle_square_of_any_shape_is_cropped(clip, height, width):
    picture = grey(0, height, width)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    picture[top : top + side, left : left + side] = 255
    pixels = "yuv444p" if height % 2 else "yuv420p"
    seen = luma(clip([picture] * 2, pixels=pixels))
    assert seen.shape == (SIZE, SIZE)
    assert seen[4:-4, 4:-4].min() > 240


def test_custom_framing_is_used_and_one_outside_refused(clip):
    picture = grey(0, 128, 256)
    picture[32:96, 160:224] = 255
    path = clip([picture] * 2)
    view = next(iter(views(path, SIZE, Framing(160, 32, 64))))
    assert view.luma[4:-4, 4:-4].min() > 240 and view.enlarged.shape == (2 * SIZE, 2 * SIZE)
    with pytest.raises(BadInput, match="sticks out of a picture of 256x128"):
        levels(path, framing=Framing(200, 0, 100))


@pytest.mark.parametrize(
    ("codec", "pixels", "name"),
    [
        ("libx264", "yuv420p10le", "deep.mkv"),
        ("libx264", "yuv444p", "full.mov"),
        ("mjpeg", "yuvj420p", "camera.avi"),
        ("qtrle", "argb", "alpha.mov"),
        ("ffv1", "gray", "grey.mkv"),
        ("libvpx-vp9", "yuv420p", "web.webm"),
    ],
)
def test_any_codec_gives_black_as_0_and_white_as_255(clip, codec, pixels, name):
    seen = luma(clip([corner()] * 3, codec=codec, pixels=pixels, name=name))
    assert seen[8:56, 8:56].mean() > 248
    assert seen[72:, 72:].mean() < 7


def test_pixel_aspect_ratio_is_applied(clip, tmp_path):
    """Anamorphic: 160 x 128 stored, shown as 80 x 128; the middle 80 x 80 are then all of its width."""
    plain, stretched = clip([grey(255, 128, 160)] * 2), tmp_path / "anamorphic.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(plain), "-c", "copy", "-bsf:v", "h264_metadata=sample_aspect_ratio=1/2"]
    subprocess.run([*command, "-aspect", "80:128", str(stretched)], check=True, capture_output=True)
    (still, _) = (view.decoded for view in views(stretched, SIZE))
    assert still.size == (80, 128)


def test_clip_of_one_frame_is_one_frame(clip):
    assert levels(clip([grey(100)])) == [10]


def test_clip_is_streamed(clip):
    path = clip([grey(number) for number in range(90)])
    coming = views(path, SIZE)
    next(coming)
    assert is_open(path), "there is more to read"
    coming.close()
    assert not is_open(path)


def test_too_long_clip_is_refused_before_decoding(clip):
    path = clip([grey(1)] * 3, [0.0, 0.5, MAX_FRAMES / 30 + 3])
    with pytest.raises(BadWeights, match=r"clip\.mp4: longer than 300 s; cut it"):
        next(iter(views(path, SIZE)))
    with pytest.raises(BadWeights, match="longer than 2 s"):
        levels(clip([grey(1)] * 120), max_frames=60)


def test_clip_without_duration_is_stopped_at_the_limit(clip):
    with pytest.raises(BadWeights, match="longer than 1 s"):
        levels(clip([grey(1)] * 120, name="clip.ts"), max_frames=30)


@pytest.mark.parametrize(("height", "width"), [(48, 200), (64, 7700)])
def test_frames_out_of_size_are_refused(clip, height, width):
    with pytest.raises(BadWeights, match=rf"is {width}x{height}; sides must have 64 to 7680 pixels"):
        frame_count(clip([grey(0, height, width)]))


@pytest.mark.parametrize("damage", [b"", b"not a video at all", "half"])
def test_damaged_file_is_refused_by_name(clip, damage):
    path = clip([grey(0)] * 8)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage == "half" else damage)
    for read in (frame_count, levels):
        with pytest.raises(BadWeights, match=r"clip\.mp4: not a video, or damaged"):
            read(path)


def test_truncated_file_is_distinguished_from_a_short_one(clip):
    noise = np.random.default_rng(1).integers(0, 255, (90, SIZE, SIZE, 3)).astype(np.uint8)
    path = clip(noise)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-c", "copy", "-movflags", "+faststart"]
    subprocess.run([*command, str(path.with_name("a.mp4"))], check=True, capture_output=True)
    content = path.with_name("a.mp4").read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BadWeights, match=r"ends after 1\.\d of 3\.0 s, so it is truncated|damaged"):
        levels(path)


@pytest.mark.parametrize(
    "playlist",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n", "file '{}'\n"],
)
def test_playlist_is_not_followed(clip, tmp_path, playlist):
    other = clip([grey(1)] * 3, name="other.ts")
    for name in ("footage.mp4", "footage.m3u8", "footage.ffconcat"):
        path = tmp_path / name
        path.write_text(playlist.format(other))
        with pytest.raises(BadWeights, match="not a video"):
            frame_count(path)


def test_audio_only_file_is_refused(tmp_path):
    with av.open(tmp_path / "sound.mp4", "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        sound.rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(BadWeights, match="no frame can be decoded"):
        frame_count(tmp_path / "sound.mp4")


def test_footage_is_converted_to_the_presenters_size_and_rate(filmed):
    presenter = filmed([grey(100, 200, 260)] * 25, rate=25)
    frames = list(decode_presenter_footage(presenter))
    assert abs(len(frames) - 30) <= 1
    assert {(frame.shape, enlarged.shape) for frame, enlarged in frames} == {((320, 320), (640, 640))}
