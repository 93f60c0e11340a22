import av
import numpy as np
import pytest

from newsreel.presenters.bundle import BUNDLED_PRESENTERS, read_sheet
from steps.dlib.predictor import FaceFinder


@pytest.fixture(scope="session")
def finder():
    return FaceFinder(read_sheet(BUNDLED_PRESENTERS / "maya").landmarks)


@pytest.fixture
def filmed(tmp_path):
    """A bundle whose footage is made of the given frames (N, H, W, 3): `filmed(frames, rate=30)`."""

    def film(frames, rate=30, name="footage.mp4"):
        frames = np.asarray(frames)
        with av.open(tmp_path / name, "w") as container:
            stream = container.add_stream("libx264", rate=rate, options={"crf": "14", "preset": "ultrafast"})
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = "yuv420p"
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
        return read_sheet(BUNDLED_PRESENTERS / "maya").model_copy(update={"home": tmp_path})

    return film
