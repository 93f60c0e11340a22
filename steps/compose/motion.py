"""How things move: fast at first, then gently into their place (cubic easing, as in W3C CSS Easing Functions)."""

__all__ = ["ease_in", "ease_out", "glide"]


def ease_out(share: float) -> float:
    return float(1 - (1 - min(max(share, 0.0), 1.0)) ** 3)


def ease_in(share: float) -> float:
    return float(min(max(share, 0.0), 1.0) ** 3)


def glide(shift: tuple[float, float], at: tuple[float, float], frames: int) -> list[tuple[float, float]]:
    """Places, one a frame, that lead from `shift` away to `at`."""
    left = [1 - ease_out((frame + 1) / frames) for frame in range(frames)]
    return [(at[0] + shift[0] * rest, at[1] + shift[1] * rest) for rest in left]
