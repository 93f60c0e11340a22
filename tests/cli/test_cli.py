"""`newsreel`, as a person meets it: what is wrong is told in full and at once, and nothing else is done."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image

from cli.main import main
from newsreel.story.schema import PROFILE_OF_SYSTEM, VOICES
from workflows.profiles import PROFILES

SCENE = """\
- narration: A word.
  headline: A headline
  picture: {file: a.png, credit: Us, alt: Teal}
"""
STORY = f"""\
id: words
revision: 1
title: Words
presenter: maya
voice: heart
scenes:
{SCENE}{SCENE}"""


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """The folder a person works in, with a sound story `story.yaml` of two scenes."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (400, 320), "teal").save(tmp_path / "a.png")
    (tmp_path / "story.yaml").write_text(STORY)
    return tmp_path


@pytest.fixture
def newsreel(monkeypatch, capsys):
    """Run it as a shell would; its exit status, standard output and standard error."""

    def run(*arguments):
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["newsreel", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run


def with_faults(desk: Path) -> None:
    """A wrong word, a picture that is none and one that is missing."""
    (desk / "a.png").write_text("not a picture")
    (desk / "story.yaml").write_text(STORY.replace("maya", "nobody") + SCENE.replace("a.png", "b.png"))


FAULTS = (
    "story.yaml: 4 faults\n"
    "story.yaml:4: presenter: unknown presenter 'nobody'; known: maya\n"
    "story.yaml:9: scenes[0].picture.file: a.png is not a picture that can be read; use a JPEG, PNG or WebP\n"
    "story.yaml:12: scenes[1].picture.file: a.png is not a picture that can be read; use a JPEG, PNG or WebP\n"
    "story.yaml:15: scenes[2].picture.file: file:{desk}/b.png: no such file or directory (exit 2)\n"
)


def test_a_sound_story_is_said_to_be_sound(desk, newsreel):
    assert newsreel("check", "story.yaml") == (0, "story.yaml: words revision 1: 2 scenes, 4 words: no fault\n", "")


@pytest.mark.parametrize("command", ["check", "render"])
def test_every_fault_is_listed_once_before_any_work(desk, newsreel, command):
    with_faults(desk)
    assert newsreel(command, "story.yaml") == (2, "", FAULTS.format(desk=desk))
    assert {path.name for path in desk.iterdir()} == {"story.yaml", "a.png"}


def test_a_fault_names_the_story_as_the_person_did(desk, newsreel):
    with_faults(desk)
    _, _, told = newsreel("check", desk / "story.yaml")
    assert told.startswith(f"{desk}/story.yaml: 4 faults\n{desk}/story.yaml:4: presenter: ")


def test_a_linked_story_has_its_pictures_where_it_really_lies(desk, newsreel, tmp_path_factory):
    link = tmp_path_factory.mktemp("elsewhere") / "link.yaml"
    link.symlink_to(desk / "story.yaml")
    assert newsreel("check", link)[0] == 0


@pytest.mark.parametrize("command", ["check", "render"])
def test_unavailable_voice_names_its_profile(desk, newsreel, command):
    (desk / "story.yaml").write_text(STORY.replace("heart", "linda"))
    assert newsreel(command, "story.yaml")[::2] == (
        2,
        "story.yaml:5: voice: linda is spoken by tacotron2, which is not here; use --profile studio or voice heart (exit 2)\n",
    )
    assert newsreel("check", "story.yaml", "--profile", "studio")[0] == 0


def test_each_voice_names_the_profile_that_has_what_speaks_it():
    assert {PROFILE_OF_SYSTEM[voice.system] for voice in VOICES.values()} <= set(PROFILES)
    for system, profile in PROFILE_OF_SYSTEM.items():
        assert PROFILES[profile].voice.name == system


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"NEWSREEL_WEBHOOK": "nonsense"}, "webhook: must be an https address"),
        ({"NEWSREEL_WEBHOOK": "https://cms.example.org/done"}, "webhook secret: must be whsec_ and base64"),
        ({"NEWSREEL_RECEIVERS": "https://cms.example.org/"}, "webhook secret: must be whsec_ and base64"),
        ({"NEWSREEL_RECEIVERS": "nonsense"}, "NEWSREEL_RECEIVERS: 'nonsense' is no https address"),
    ],
)
def test_unusable_notification_is_refused_before_work(desk, newsreel, monkeypatch, told, fault):
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    status, _, said = newsreel("render", "story.yaml", "--to", "out")
    assert status == 2 and fault in said and said.count("\n") == 1
    assert not (desk / "out/.work/logs").exists()


def test_one_scene_is_not_called_scenes(desk, newsreel):
    (desk / "story.yaml").write_text(STORY.removesuffix(SCENE))
    assert newsreel("check", "story.yaml")[1] == "story.yaml: words revision 1: 1 scene, 2 words: no fault\n"


def test_the_version_is_the_installed_one(newsreel):
    assert newsreel("--version") == (0, f"newsreel {version('newsreel')}\n", "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["check", "none.yaml"], "none.yaml: no such file or directory"),
        (["render", "none.yaml"], "none.yaml: no such file or directory"),
        (["check", "."], "is a directory"),
        (["render", "story.yaml", "--to", "a.png"], "a.png/.work/manifests: not a directory"),
        (["emit", "--into", "a.png"], "a.png/embedded: not a directory"),
        (["graph", "none.yaml"], "none.yaml: no such file or directory"),
        (["graph", "a.png"], "a.png: is not YAML"),
        (["lint", "none.yaml"], "none.yaml: no such file or directory"),
        (["lint", "a.png"], "a.png: is not YAML"),
        (["lint", "empty"], "empty: no manifests; run `newsreel emit`"),
        (["lint", "story.yaml"], "story.yaml: no manifests; run `newsreel emit`"),
        (["lint", "--config", "none.yaml"], "none.yaml: "),
    ],
)
def test_a_path_that_is_none_is_one_clear_line(desk, newsreel, arguments, expected):
    (desk / "empty").mkdir()
    status, _, told = newsreel(*arguments)
    assert status == 2
    assert expected in told
    assert told.count("\n") == 1


def test_emitted_manifests_pass_lint_with_their_settings(desk, newsreel):
    pool = "  story_pool: {selector: [pool, story], tolerates: [dedicated]}\n"
    (desk / "newsreel.yaml").write_text(f"placement:\n  ssd_root: /mnt/ssd/newsreel\n{pool}")
    assert newsreel("emit", "--config", "newsreel.yaml", "--into", "made")[0] == 0
    status, faults, _ = newsreel("lint", "made", "--config", "newsreel.yaml")
    assert (status, faults) == (0, "")
    status, faults, _ = newsreel("lint", "made")
    assert status == 1 and "is not /var/lib/kubelet/newsreel" in faults and "nvidia.com/gpu is not tolerated" in faults


def test_graph_writes_mermaid_beside_an_svg_name(desk, newsreel):
    """The name of earlier versions works for one release."""
    assert newsreel("emit", "--into", "made")[0] == 0
    status, chart, _ = newsreel("graph", "made/embedded/story.yaml")
    assert status == 0 and chart.startswith("flowchart TB\n")
    assert newsreel("graph", "made/embedded/story.yaml", "--to", "story.mmd") == (0, "", "")
    assert (desk / "story.mmd").read_text() == chart
    note = "dag.svg: SVG is no longer written; the Mermaid flowchart is in dag.mmd\n"
    assert newsreel("graph", "made/embedded/story.yaml", "--to", "dag.svg") == (0, "", note)
    assert (desk / "dag.mmd").read_text() == chart and not (desk / "dag.svg").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_no_defect():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "cli", "schema"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 5
    assert done.stderr.startswith("output: the disk is full; free some space and run the same command again (exit 5)\n")
    assert "Traceback" not in done.stderr


def test_a_reader_who_has_seen_enough_is_no_error():
    command = [sys.executable, "-m", "cli", "lint", "--explain"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as lint:
        lint.stdout.close()
        assert lint.stderr.read() == b""
    assert lint.returncode == 0
