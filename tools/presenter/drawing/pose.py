"""What the drawn presenter does with head and face in one frame."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Mouth:
    """A mouth's shape as how far each of its movements has gone, 0 to 1 unless told otherwise; all 0 is at rest, closed.

    The movements are the speech-relevant action units of the Facial Action Coding System (Ekman & Friesen, 1978).
    """

    jaw_open: float = 0.0
    """Jaw drop (AU 26, 27): 1 is a shout."""
    width: float = 0.0
    """Corners apart (AU 20); -1 to 1."""
    round: float = 0.0
    """Pucker and funnel (AU 18, 22): corners in, lips forward."""
    upper_raise: float = 0.0
    """Upper lip up (AU 10), showing upper teeth."""
    lower_drop: float = 0.0
    """Lower lip down (AU 16), showing lower teeth."""
    press: float = 0.0
    """Lips pressed and rolled in (AU 24, 28)."""
    tuck: float = 0.0
    """Lower lip drawn in under the upper teeth (AU 32), as for F."""
    smile: float = 0.0
    """Corners up and out (AU 12), beyond the presenter's friendly rest."""

    def toward(self, other: "Mouth", share: float) -> "Mouth":
        """The mouth on the way to another: `share` 0 is this one, 1 is the other."""
        return Mouth(**{f.name: (1 - share) * getattr(self, f.name) + share * getattr(other, f.name) for f in fields(Mouth)})


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Head and face in one frame; angles in radians, lengths in distances between the outer corners of the eyes."""

    yaw: float = 0.0
    """Positive turns the face to the picture's right."""
    pitch: float = 0.0
    """Positive bows the head."""
    roll: float = 0.0
    """Positive tilts the head clockwise in the picture."""
    x: float = 0.0
    """Shift of the head to the picture's right."""
    y: float = 0.0
    """Shift of the head down."""
    scale: float = 1.0
    """Size of the head, 1 at rest."""
    brows: float = 0.0
    """Raised brows, -0.5 (lowered) to 1."""
    blink: float = 0.0
    """0 is open, 1 closed."""
    mouth: Mouth = Mouth()
