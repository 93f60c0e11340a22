"""Argo's own program, as a person uses it."""

import os
import subprocess

import pytest

__all__ = ["argo_program"]


def argo_program() -> str:
    """Where it is; without it the test is skipped."""
    program = os.environ.get("ARGO", "argo")
    try:
        subprocess.run([program, "version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("put the program `argo` on the PATH, or its path into ARGO")
    return program
