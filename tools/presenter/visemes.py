"""The presenter's mouth shapes: one for each group of sounds that look alike, as face movements and as landmark offsets.

The groups follow Jeffers & Barley, "Speechreading (Lipreading)", 1971, with the vowels kept apart.
"""

from io import BytesIO
from pathlib import Path

import numpy as np

from newsreel.files import write_atomically
from tools.presenter.drawing import Mouth, Pose
from tools.presenter.drawing.face import face_points

VISEMES: dict[str, Mouth] = {
    "rest": Mouth(),
    "MBP": Mouth(press=0.75, width=0.05),
    "FV": Mouth(tuck=1.0, upper_raise=0.65, jaw_open=0.08, width=0.10),
    "TH": Mouth(jaw_open=0.20, upper_raise=0.35, lower_drop=0.25, width=0.10),
    "TDN": Mouth(jaw_open=0.15, upper_raise=0.30, lower_drop=0.30, width=0.20),
    "SZ": Mouth(jaw_open=0.07, upper_raise=0.50, lower_drop=0.55, width=0.40),
    "SH": Mouth(jaw_open=0.10, upper_raise=0.65, lower_drop=0.65, round=0.60),
    "KG": Mouth(jaw_open=0.26, upper_raise=0.20, lower_drop=0.20, width=0.10),
    "L": Mouth(jaw_open=0.30, upper_raise=0.30, lower_drop=0.15, width=0.10),
    "R": Mouth(jaw_open=0.14, upper_raise=0.35, lower_drop=0.35, round=0.45),
    "W": Mouth(jaw_open=0.08, round=1.0, lower_drop=0.05),
    "UW": Mouth(jaw_open=0.14, round=0.95, lower_drop=0.10),
    "OW": Mouth(jaw_open=0.40, round=0.70),
    "AO": Mouth(jaw_open=0.60, round=0.45),
    "AA": Mouth(jaw_open=0.80, upper_raise=0.15),
    "AE": Mouth(jaw_open=0.62, upper_raise=0.35, width=0.50),
    "EH": Mouth(jaw_open=0.45, upper_raise=0.30, width=0.40),
    "AH": Mouth(jaw_open=0.48, upper_raise=0.20, width=0.10),
    "ER": Mouth(jaw_open=0.26, upper_raise=0.30, lower_drop=0.25, round=0.35),
    "IH": Mouth(jaw_open=0.26, upper_raise=0.35, lower_drop=0.20, width=0.45),
    "IY": Mouth(jaw_open=0.12, upper_raise=0.45, lower_drop=0.40, width=0.85, smile=0.35),
    "HH": Mouth(jaw_open=0.30, upper_raise=0.20, lower_drop=0.10, width=0.10),
}
"""Rest and 21 sounds' shapes; the names are those of `visemes.npz`."""


def write_visemes(path: Path) -> None:
    """Write `visemes.npz`: names (V,), rest (68, 2), offsets from it (V, 68, 2) float32.

    Origin midway between the outer corners of the eyes, unit = the distance between them, y down.
    """
    rest = face_points(Pose())[:, :2]
    offsets = [face_points(Pose(mouth=mouth))[:, :2] - rest for mouth in VISEMES.values()]
    file = BytesIO()
    np.savez(file, names=np.array(list(VISEMES)), rest=rest.astype(np.float32), offsets=np.array(offsets, np.float32))
    write_atomically(path, file.getvalue())
