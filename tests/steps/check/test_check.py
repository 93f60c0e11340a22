"""`check`: an invalid story ends with one clear line per fault, a published one with nothing to do."""

import json
import os
import struct
import subprocess
import sys
import zlib

import pytest
import requests
from PIL import Image

from steps.__main__ import main


@pytest.fixture
def run_check(newsroom, capsys):
    """Run check; returns its exit status and standard error."""

    def run(**changed):
        capsys.readouterr()
        status = newsroom.check(**changed)
        return status, capsys.readouterr().err

    return run


def png_that_claims(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_a_valid_story_is_to_do(newsroom, run_check):
    assert run_check() == (0, "")
    assert newsroom.state == "todo"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("presenter", "nobody", "budget.yaml:4: presenter: unknown presenter 'nobody'; known: maya (exit 2)"),
        ("presenter", "../maya", "budget.yaml:4: presenter: must be 1 to 40 lower-case letters"),
        ("voice", "nobody", "budget.yaml:5: voice: unknown voice 'nobody'; known: heart, linda (exit 2)"),
        (
            "voice",
            "linda",
            "budget.yaml:5: voice: linda is spoken by tacotron2, which is not here; use --profile studio or voice heart (exit 2)",
        ),
        ("id", "../../etc", "budget.yaml:1: id: must be 1 to 40 lower-case letters"),
    ],
)
def test_a_wrong_value_is_one_clear_line(newsroom, run_check, key, value, expected):
    newsroom.document[key] = value
    status, line = run_check()
    assert status == 2
    assert line.startswith("check: " + expected)
    assert line.count("\n") == 1


def damage_missing(path):
    path.unlink()


def damage_truncated(path):
    path.write_bytes(path.read_bytes()[:-200])


def damage_huge(path):
    path.write_bytes(png_that_claims(50_000, 50_000))


def damage_text(path):
    path.write_text("not a picture")


def damage_animated(path):
    frames = [Image.new("RGB", (400, 320), colour) for colour in ("red", "blue")]
    frames[0].save(path, "PNG", save_all=True, append_images=frames[1:])


def damage_cmyk(path):
    Image.new("CMYK", (400, 320)).save(path, "JPEG")


def damage_link(path):
    path.unlink()
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (damage_missing, "no such file or directory"),
        (damage_truncated, "pictures/1.png is damaged or cut short"),
        (damage_huge, "pictures/1.png is 50000x50000; at most 8192x8192"),
        (damage_text, "pictures/1.png is not a picture"),
        (damage_animated, "pictures/1.png is animated"),
        (damage_cmyk, "pictures/1.png is in CMYK"),
        (damage_link, "outside the allowed addresses"),
    ],
)
def test_a_wrong_picture_is_named_with_its_line(newsroom, run_check, damage, expected):
    damage(newsroom.picture("1.png"))
    status, line = run_check()
    assert (status, line.count("\n")) == (2, 1)
    assert line.startswith("check: budget.yaml:16: scenes[1].picture.file: ")
    assert expected in line


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "pictures/../../x.png", "a/\u202e.png", "..", "x\ny.png"])
def test_a_picture_outside_the_storys_folder_is_refused(newsroom, run_check, name):
    newsroom.document["scenes"][1]["picture"]["file"] = name
    status, line = run_check()
    assert status == 2
    assert "scenes[1].picture.file: must be a relative path" in line


def test_faults_of_text_and_pictures_are_reported_together(newsroom, run_check):
    damage_text(newsroom.picture("0.png"))
    damage_missing(newsroom.picture("1.png"))
    newsroom.document |= {"title": "", "voice": "linda"}
    status, lines = run_check()
    assert status == 2
    assert [line.split(": ")[1] for line in lines.splitlines()[1:]] == [
        "title",
        "voice",
        "scenes[0].picture.file",
        "scenes[1].picture.file",
    ]


def test_pictures_are_checked_even_where_the_text_has_faults(newsroom, run_check):
    damage_text(newsroom.picture("0.png"))
    newsroom.document["scenes"][1]["narration"] = ""
    _, lines = run_check()
    assert "pictures/0.png is not a picture" in lines
    assert "scenes[1].narration: is empty" in lines


@pytest.mark.parametrize(
    ("option", "address"),
    [
        ("story", "file:/etc/hostname"),
        ("story", "gs://elsewhere/x.yaml"),
        ("finals", "file:/srv/out"),
        ("finals", "gs://elsewhere"),
    ],
)
def test_an_address_outside_the_allowed_ones_is_refused(run_check, option, address):
    status, line = run_check(**{option: address})
    assert (status, line.count("\n")) == (2, 1)
    assert line.startswith(f"check: {address}: outside the allowed addresses: file:")


@pytest.mark.parametrize("address", ["{{workflow.name}}", "file:../x", "gs://bucket/../x", "x\ny", ""])
def test_an_invalid_address_is_refused(run_check, address):
    status, line = run_check(story=address)
    assert (status, line.count("\n")) == (2, 1)


def test_a_presenter_without_its_files_is_refused_early(newsroom, run_check, tmp_path):
    (tmp_path / "presenters" / "maya" / "generator.pth").unlink()
    assert run_check() == (6, "check: presenter maya: generator.pth is missing; run `make presenter` (exit 6)\n")


def test_a_published_story_is_done_until_it_changes(newsroom, run_check):
    newsroom.publish(newsroom.finished_workspace())
    assert run_check()[0] == 0
    assert newsroom.state == "published"

    Image.new("RGB", (400, 320), "green").save(newsroom.picture("0.png"))
    assert run_check()[0] == 0
    assert newsroom.state == "todo"


@pytest.mark.parametrize("name", ["landscape.mp4", "poster.jpg", "manifest.json"])
@pytest.mark.parametrize("loss", ["removed", "changed"])
def test_a_published_story_with_a_lost_file_is_to_do(newsroom, run_check, name, loss):
    newsroom.publish(newsroom.finished_workspace())
    path = newsroom.out / name
    if loss == "removed":
        path.unlink()
    elif name != "manifest.json":
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    else:
        manifest = json.loads(path.read_text())
        path.write_text(json.dumps({**manifest, "origin": {**manifest["origin"], "story_digest": "0"}}))
    assert run_check()[0] == 0
    assert newsroom.state == "todo"


def test_a_draft_of_other_software_is_rendered_again(newsroom, run_check):
    newsroom.publish(newsroom.finished_workspace())
    manifest = newsroom.out / "manifest.json"
    held = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**held, "origin": {**held["origin"], "software_digest": "0"}}))
    run_check()
    assert newsroom.state == "todo"


def test_a_newer_revision_that_is_published_is_a_conflict(newsroom, run_check):
    newsroom.document["revision"] = 2
    newsroom.publish(newsroom.finished_workspace())
    newsroom.document["revision"] = 1
    status, line = run_check()
    assert status == 3
    assert "revision 2 of budget is published, this is 1; raise the revision" in line


def test_a_lower_draft_is_replaced_by_a_higher_revision(newsroom, run_check):
    newsroom.publish(newsroom.finished_workspace())
    newsroom.document["revision"] = 2
    assert run_check()[0] == 0
    assert newsroom.state == "todo"


def test_in_a_bucket_a_revision_is_immutable(newsroom, run_check, bucket):
    newsroom.publish(newsroom.finished_workspace(), bucket)
    assert run_check(finals=bucket) == (0, "")
    assert newsroom.state == "published"

    newsroom.document["title"] = "Another budget"
    status, line = run_check(finals=bucket)
    assert status == 3
    assert line.endswith("revision 1 of budget is published with other content; raise the revision (exit 3)\n")

    newsroom.document["revision"] = 2
    assert run_check(finals=bucket)[0] == 0
    assert newsroom.state == "todo"


def test_a_story_and_its_pictures_are_read_from_a_bucket(newsroom, run_check, bucket, gcs_server):
    url = f"{gcs_server}/upload/storage/v1/b/{bucket.removeprefix('gs://')}/o?uploadType=media&name=desk/"
    newsroom.save()
    for path in [newsroom.folder / "budget.yaml", newsroom.picture("0.png"), newsroom.picture("1.png")]:
        requests.post(f"{url}{path.relative_to(newsroom.folder)}", path.read_bytes(), timeout=5).raise_for_status()
    assert run_check(story=f"{bucket}/desk/budget.yaml") == (0, "")
    status, line = run_check(story=f"{bucket}/desk/other.yaml")
    assert (status, line) == (2, f"check: {bucket}/desk/other.yaml: there is no such object or bucket (exit 2)\n")


def options_of(newsroom):
    options = {"story": newsroom.story, "finals": newsroom.finals, "voice-system": "hibari", "outputs": newsroom.folder}
    return [f"--{name}={value}" for name, value in options.items()]


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        ("id: [", 2, "check: budget.yaml:"),
        ("title: {{workflow.name}}\n", 2, "a text that begins with '{' or '[' must be in quotes"),
    ],
)
def test_the_process_ends_with_its_status_and_no_traceback(newsroom, text, status, expected):
    (newsroom.folder / "budget.yaml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "steps", "check", *options_of(newsroom)], capture_output=True, text=True, env=os.environ
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert not (newsroom.folder / "state").exists()


def test_a_missing_option_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["check", "--story", "file:x"])
    assert ended.value.code == 2
    assert "--finals" in capsys.readouterr().err


def test_no_heavy_module_is_imported_for_a_published_story(newsroom):
    newsroom.publish(newsroom.finished_workspace())
    script = "import sys; from steps.__main__ import main; main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, "check", *options_of(newsroom)], capture_output=True, text=True, env=os.environ
    )
    assert newsroom.state == "published", done.stderr
    assert not {"numpy", "torch", "google.cloud.storage", "rich", "hera"} & set(done.stdout.split())
