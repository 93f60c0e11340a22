"""cluster/up, down and status as a person calls them, from wherever the person stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[3]


def called(name, *words, cwd):
    environment = os.environ | {"VENV": str(Path(sys.prefix))}
    return subprocess.run(
        [HOME / "cluster" / name, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["up", "down", "status"])
def test_a_file_is_looked_for_where_the_person_stands(programs, tmp_path, name):
    (tmp_path / "bp.yaml").write_text("cluster: [\n")
    done = called(name, "--config", "bp.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{tmp_path}/bp.yaml:")


@pytest.mark.parametrize("name", ["up", "down", "status"])
def test_a_file_that_is_not_there_is_one_line(programs, tmp_path, name):
    done = called(name, "--config", "none.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"{tmp_path}/none.yaml: no such file or directory (exit 2)\n")


def test_the_former_name_of_config_works_and_says_so(programs, tmp_path):
    done = called("status", "--parameters", "none.yaml", cwd=tmp_path)
    notice = "--parameters is now --config; the old name goes with the next release\n"
    assert (done.returncode, done.stderr) == (2, f"{notice}{tmp_path}/none.yaml: no such file or directory (exit 2)\n")
