"""What the operating system says of a file or folder that a person named, as an error of ours."""

import errno

from steps.errors import BadInput, NewsreelError, NoRoom

__all__ = ["in_our_words"]


def in_our_words(fault: OSError) -> NewsreelError:
    """A file or folder that a person named and the operating system refuses is a wrong argument; only a full disk is not."""
    said = f"{fault.filename or 'output'}: {(fault.strerror or str(fault)).lower()}"
    return NoRoom(f"{said}; free some space") if fault.errno in (errno.ENOSPC, errno.EDQUOT) else BadInput(said)
