"""A small drawn presenter as a newsroom provides one: a folder with a sheet, a clip and known landmarks."""

import numpy as np
import yaml

from newsreel.media.encoder import open_encoder
from newsreel.presenters.bundle import BUNDLED_PRESENTERS
from tools.presenter.drawing import draw
from tools.presenter.footage import FOOTAGE_LOOK, idle, talking

NET = {"ngf": 8, "n_downsample_global": 2, "n_blocks_global": 1}


def film(folder, frames=120, size=64, rate=30, stretched=1, **sheet):
    """Write FOLDER: a second of rest, then talk. `stretched` makes the clip that many times as wide as high."""
    folder.mkdir(parents=True)
    own = yaml.safe_load((BUNDLED_PRESENTERS / "maya" / "presenter.yaml").read_text())
    body = [[[x * size / 320, y * size / 320] for x, y in line] for line in own["body"]]
    (folder / "presenter.yaml").write_text(yaml.safe_dump({**own, "size": size, "body": body, **sheet}))
    (folder / "training.yaml").write_text(yaml.safe_dump({"net": NET, "examined_every": 4}))
    poses = [*idle(3, 1), *talking(4, frames)][:frames]
    landmarks = []
    with open_encoder(folder / "footage.mp4", stretched * size, size, rate, FOOTAGE_LOOK) as write:
        for picture, points in (draw(pose, size) for pose in poses):
            border = np.zeros((size, (stretched - 1) * size // 2, 3), np.uint8)
            write(np.ascontiguousarray(np.hstack([border, picture, border])))
            landmarks.append(points)
    np.savez(folder / "landmarks.npz", landmarks=np.array(landmarks, np.float32))
    return folder
