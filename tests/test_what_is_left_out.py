"""A test that cannot be tried here is told at the end of a run, with what is missing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SKIPS = """
import pytest
@pytest.mark.parametrize("number", range(3))
def test_it(number):
    pytest.skip("no chromium here")
"""


def test_skipped_tests_are_listed_once_with_their_reason(tmp_path):
    (tmp_path / "test_skips.py").write_text(SKIPS)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-n", "0", str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    told = [line for line in run.stdout.splitlines() if line.startswith("SKIPPED")]
    assert run.returncode == 0
    assert len(told) == 1 and told[0].startswith("SKIPPED [3]") and told[0].endswith("no chromium here")
