"""The drawn presenter: a pose in, a frame and its 68 exact landmarks out.

    frame, landmarks = draw(Pose(yaw=0.1, mouth=Mouth(jaw_open=0.4)))

`face` is the posed head in 3D, `canvas` the painting functions; `features`, `hair` and `body` draw, in the colours of `palette`.
"""

import numpy as np
from numpy.typing import NDArray

from tools.presenter.drawing import palette
from tools.presenter.drawing.body import BODY_LINES, draw_body
from tools.presenter.drawing.canvas import Canvas
from tools.presenter.drawing.face import Head, Mouth, Pose
from tools.presenter.drawing.features import draw_brows, draw_ear, draw_eyes, draw_face, draw_mouth, draw_neck, draw_nose
from tools.presenter.drawing.hair import draw_hair_behind, draw_hair_in_front

__all__ = ["BODY_LINES", "Mouth", "Pose", "draw"]


def draw(pose: Pose, size: int = 320) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Draw one frame: RGB (size, size, 3) uint8, and its landmarks in iBUG order, (68, 2) float32 pixels, y down.

    The same pose always gives the same bytes. Body and background never change.
    """
    head = Head(pose, size)
    canvas = Canvas.blank(size, palette.BACKGROUND)
    draw_hair_behind(canvas, head)
    draw_neck(canvas, head)
    draw_body(canvas, size)
    draw_ear(canvas, head)
    draw_face(canvas, head)
    draw_nose(canvas, head)
    draw_eyes(canvas, head)
    draw_brows(canvas, head)
    draw_mouth(canvas, head)
    draw_hair_in_front(canvas, head)
    return canvas.finished(), head.landmarks.astype(np.float32)
