"""Predictor files in dlib's serialisation with content that dlib itself would never write."""


def integer(value):
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def real(value):
    """As mantissa * 2 ** exponent."""
    mantissa, exponent = value.as_integer_ratio() if value else (0, 1)
    return integer(mantissa) + integer(1 - exponent.bit_length())


def listed(items):
    return integer(len(items)) + b"".join(items)


def column(values, rows=None):
    return integer(-(len(values) if rows is None else rows)) + integer(-1) + b"".join(map(real, values))


def predictor_file(points=68, pixel=1, rows=None, away=0.0):
    """One cascade of one tree with one split that compares the pixels 0 and `pixel` of two; both leaves move nothing.

    `rows` is what the file says of its mean shape's length, `away` how far that lies from the box, in its sides.
    """
    shape = [away + 0.25 + 0.5 * (k % 7) / 8 for k in range(2 * points)]
    split = integer(0) + integer(pixel) + real(0.0)
    tree = listed([split]) + listed([column([0.0] * 2 * points)] * 2)
    delta = real(0.0) + real(0.0)
    return b"".join(
        [
            integer(1),
            column(shape, rows),
            listed([listed([tree])]),
            listed([listed([integer(0), integer(0)])]),
            listed([listed([delta, delta])]),
        ]
    )
