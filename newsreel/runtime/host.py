"""What this machine's processor can do for a net, and settings of its memory allocator."""

import ctypes
import os
import sys
from pathlib import Path

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""Of malloc.h: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD."""


def has_native_bfloat16() -> bool:
    """Whether the processor has AVX512-BF16 or AMX; where it has not, bfloat16 is emulated and slower than single precision."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def available_cores() -> int:
    """The number of cores this process may run on: those of the container, not of the machine."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def retain_freed_memory() -> None:
    """Make glibc reuse freed memory for the next tensors of the same sizes, instead of returning pages to the kernel.

    Does nothing with any other C library.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # musl has none
        libc.mallopt(MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(TRIM_THRESHOLD, (1 << 31) - 1)
