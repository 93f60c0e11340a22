"""What an editor may rely on: nothing written is lost, nothing is overwritten unseen, one revision is one video."""

import copy
import io
import json
import wave
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from writing import BROWSER, HOST, STORY, picture

from cluster.newsroom.app import application
from cluster.newsroom.checks import narration_seconds
from cluster.newsroom.stories import MAX_DOCUMENT_BYTES, identifier_from
from cluster.newsroom.views import RunEndedNotification
from newsreel.errors import BadInput, Unavailable
from newsreel.notifications.notifier import Notification
from newsreel.notifications.webhook_target import WebhookAllowList, read_webhook_target
from newsreel.story.pronunciation import Lexicon
from newsreel.story.source import read_story
from steps.init_story.script import script_of

NOTHING = Lexicon({})


def save(browser, story, **changed):
    document = copy.deepcopy(story["document"]) | changed
    return browser.put(f"/stories/{story['id']}", json=document, headers={"if-match": story["etag"]})


def send(browser, story, **order):
    return browser.post(f"/stories/{story['id']}/run", json=order, headers={"if-match": story["etag"]})


def test_story_id_is_made_from_title_and_number(browser):
    first, second = browser.post("/stories", json=STORY), browser.post("/stories", json=STORY)
    assert (first.status_code, first.json()["id"]) == (201, "the-library-opens-on-sundays")
    assert second.json()["id"] == "the-library-opens-on-sundays-2"
    assert first.headers["location"] == "/stories/the-library-opens-on-sundays"
    assert {one["id"] for one in browser.get("/stories").json()} == {first.json()["id"], second.json()["id"]}


@pytest.mark.parametrize("title", ["", "  ", "\u6f22\u5b57", "-" * 300, "x" * 300, "Ünïted: 3.5% — more!", None, 7])
def test_any_title_gives_a_name_the_contract_allows(title):
    name = identifier_from(title, 12)
    read_story(json.dumps(STORY | {"id": name, "revision": 1, "scenes": sound_scenes()}).encode(), "story")


def sound_scenes():
    return [{**STORY["scenes"][0], "picture": {"file": "a.jpg", "credit": "a", "alt": "b"}}]


def test_a_draft_is_kept_with_all_its_faults(browser):
    begun = browser.post("/stories", json={"title": "", "scenes": [{"narration": "\U0001f600", "unknown": 3}]}).json()
    again = browser.get(f"/stories/{begun['id']}").json()
    assert again["document"]["scenes"] == [{"narration": "\U0001f600", "unknown": 3}]
    assert again["etag"] == begun["etag"]


def test_who_saves_over_a_story_they_have_not_seen_is_stopped(browser, story):
    theirs = save(browser, story, title="Theirs")
    assert theirs.status_code == 200
    mine = save(browser, story, title="Mine")
    assert (mine.status_code, mine.json()["detail"]) == (412, f"{story['id']}: somebody else has saved it meanwhile")
    assert browser.get(f"/stories/{story['id']}").json()["document"]["title"] == "Theirs"
    assert save(browser, theirs.json(), title="Mine").status_code == 200


def test_same_save_twice_is_no_conflict(browser, story):
    once, twice = save(browser, story, title="New"), save(browser, story, title="New")
    assert (once.status_code, twice.status_code) == (200, 200)
    assert once.json()["etag"] == twice.json()["etag"]


def test_a_save_or_a_sending_without_the_version_seen_is_refused(browser, story):
    assert browser.put(f"/stories/{story['id']}", json=story["document"]).status_code == 428
    assert browser.post(f"/stories/{story['id']}/run", json={}).status_code == 428


def test_revision_does_not_change_with_later_drafts(browser, story, runs, newsroom):
    sent = send(browser, story)
    assert (sent.status_code, sent.json()["revision"], sent.json()["state"]) == (202, 1, "queued")
    assert runs.asked == [("submit", story["id"], 1)]
    later = save(browser, sent.json(), title="Another title").json()
    assert later["changed"]
    home = newsroom.repository.home(story["id"])
    kept = read_story(newsroom.repository.storage.read(home.child("r1.json"), at_most=MAX_DOCUMENT_BYTES), "r1.json")
    assert (kept.title, kept.id, kept.revision) == (STORY["title"], story["id"], 1)
    runs.put(story["id"], 1, "succeeded")
    assert send(browser, later).json()["revision"] == 2


def test_sending_off_twice_what_has_not_changed_is_one_revision(browser, story, runs):
    first = send(browser, story).json()
    assert send(browser, first).json()["revision"] == 1
    assert {asked[2] for asked in runs.asked} == {1}


def test_changed_draft_is_not_submitted(browser, story, runs):
    save(browser, story, title="Theirs")
    assert send(browser, story).status_code == 412
    assert runs.asked == []


def test_story_with_faults_is_refused_fault_by_fault(browser, story, runs):
    document = copy.deepcopy(story["document"])
    document["scenes"][0]["narration"] = "Good \U0001f600"
    document["scenes"].append({"headline": "No picture", "narration": "Words."})
    faulty = browser.put(f"/stories/{story['id']}", json=document, headers={"if-match": story["etag"]}).json()
    answer = send(browser, faulty)
    told = {".".join(map(str, fault["path"])): fault["message"] for fault in answer.json()["faults"]}
    assert answer.status_code == 422
    assert told["scenes.1.picture"] == "is missing"
    assert "GRINNING FACE" in told["scenes.0.narration"]
    assert runs.asked == []


def test_missing_picture_is_found_before_submission(browser, story):
    document = copy.deepcopy(story["document"])
    document["scenes"][0]["picture"]["file"] = "pictures/00000000000000000000.jpg"
    [fault] = browser.post("/check", json={"document": document, "id": story["id"]}).json()["faults"]
    assert (fault["path"], fault["message"]) == (["scenes", 0, "picture", "file"], "is not there; add it again")


def test_revision_not_submitted_is_stored_and_pending(browser, story, runs, newsroom):
    runs.failure = Unavailable("Pub/Sub does not answer")
    answer = send(browser, story)
    assert (answer.status_code, answer.json()["state"], answer.json()["revision"]) == (202, "sent", 1)
    assert newsroom.repository.newest(story["id"]) == 1


def test_revision_is_stored_whatever_fails_later(browser, story, runs):
    runs.failure = BadInput("projects/p/topics/stories: Pub/Sub refuses it")
    answer = send(browser, story, priority="breaking")
    assert (answer.status_code, answer.json()["state"]) == (202, "sent")
    assert runs.kept == {(story["id"], 1): "breaking"}


def test_a_retry_while_the_cluster_is_away_is_answered(browser, story, runs):
    sent = send(browser, story).json()
    runs.put(story["id"], 1, "failed")
    runs.failure = Unavailable("the cluster does not answer")
    answer = send(browser, sent)
    assert (answer.status_code, "try again" in answer.json()["detail"], "retry-after" in answer.headers) == (503, True, True)


def test_stories_can_be_written_without_a_cluster(browser, story, runs):
    send(browser, story)
    runs.failure = Unavailable("the cluster does not answer")
    assert [one["state"] for one in browser.get("/stories").json()] == ["sent"]
    assert save(browser, story, title="Another").status_code == 200


def test_a_publisher_says_how_urgent_a_revision_is_once(browser, story, runs, tmp_path):
    sent = send(browser, story, priority="breaking")
    assert (sent.status_code, sent.json()["run"]["priority"]) == (202, "breaking")
    assert send(browser, sent.json(), priority="normal").status_code == 409
    assert send(browser, sent.json(), priority="urgent").status_code == 422
    assert runs.kept == {(story["id"], 1): "breaking"}
    assert '"priority": "breaking"' in (tmp_path / "newsroom/audit/audit.jsonl").read_text().splitlines()[-1]


def test_webhook_is_stored_beside_the_revision(story, runs, newsroom):
    home, allowed = "https://cms.example.org/hooks", WebhookAllowList(prefixes=("https://cms.example.org/hooks",))
    room = application(replace(newsroom, receivers=allowed))
    with TestClient(room, base_url=f"http://{HOST}", headers=BROWSER) as browser:
        sent = send(browser, story, webhook=f"{home}/7")
        assert sent.status_code == 202
        assert send(browser, sent.json(), webhook=f"{home}/8").status_code == 409
        assert send(browser, sent.json()).status_code == 202
        described = browser.get("/openapi.json").json()["paths"]["/stories/{identifier}/run"]["post"]
    repository = newsroom.repository
    assert read_webhook_target(repository.storage, repository.address(story["id"], 1)) == f"{home}/7"
    assert "{$request.body#/webhook}" in described["callbacks"]["webhook"]


def test_a_defect_is_written_down_with_the_story_it_befell(browser, story, runs, caplog):
    runs.failure = RuntimeError("nobody thought of this")
    assert send(browser, story).status_code == 500
    [told] = [record.fields for record in caplog.records if record.message == "defect"]
    assert (told["story"], "nobody thought of this" in told["error"]) == (story["id"], True)


def test_a_failed_run_is_tried_again_and_a_cancelled_one_too(browser, story, runs):
    sent = send(browser, story).json()
    runs.put(story["id"], 1, "failed", message="compose: no room")
    assert browser.get(f"/stories/{story['id']}").json()["run"]["message"] == "compose: no room"
    send(browser, sent)
    cancelled = browser.post(f"/stories/{story['id']}/cancel", json={}).json()
    send(browser, sent)
    assert cancelled["state"] == "cancelled"
    assert [asked[0] for asked in runs.asked] == ["submit", "submit", "cancel", "submit"]


def test_every_change_is_in_the_audit_log_with_who_and_when(browser, story, newsroom, tmp_path):
    send(browser, story)
    lines = [json.loads(line) for line in (tmp_path / "newsroom/audit/audit.jsonl").read_text().splitlines()]
    assert [line["what"] for line in lines] == ["begin", "add picture", "save", "send off"]
    assert all(line["who"] == "you@this.machine" and line["story"] == story["id"] and line["time"] for line in lines)


def test_a_run_is_watched_as_it_changes_until_it_is_over(browser, story, runs):
    send(browser, story)
    runs.put(story["id"], 1, "failed", message="no room")
    with browser.stream("GET", f"/stories/{story['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = [line for line in answer.iter_lines() if line]
    assert told[1] == "event: progress"
    assert json.loads(told[2].removeprefix("data: "))["run"]["state"] == "failed"
    assert told[-2] == "event: over"
    described = browser.get("/openapi.json").json()["paths"]["/stories/{identifier}/events"]["get"]["responses"]["200"]
    assert list(described["content"]) == ["text/event-stream"]


def test_picture_is_stored_without_metadata(browser, story):
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "home address", 6
    sent = picture("JPEG", (800, 500), exif=exif.tobytes())
    added = browser.post(f"/stories/{story['id']}/pictures", content=sent, headers={"content-type": "image/jpeg"}).json()
    kept = browser.get(f"/stories/{story['id']}/{added['file']}").content
    assert (added["width"], added["height"]) == (500, 800), "upright"
    assert b"home address" in sent and b"home address" not in kept
    assert not Image.open(io.BytesIO(kept)).getexif()


def test_crop_of_a_crop_starts_from_the_whole_picture(browser, story):
    name = story["document"]["scenes"][0]["picture"]["file"].removeprefix("pictures/")
    address = f"/stories/{story['id']}/pictures"
    part = {"left": 0, "top": 0, "width": 8000, "height": 10000}
    once = browser.post(f"{address}/{name}/crop", json=part).json()
    assert (once["width"], once["height"]) == (512, 480)
    twice = browser.post(f"{address}/{once['file'].removeprefix('pictures/')}/crop", json=part | {"left": 2000}).json()
    assert (twice["width"], twice["height"]) == (512, 480)
    assert browser.get(f"/stories/{story['id']}/{story['document']['scenes'][0]['picture']['file']}").status_code == 200


@pytest.mark.parametrize("part", [(0, 0, 100, 100), (5000, 0, 6000, 10000), (0, 0, 0, 0), (-1, 0, 9000, 9000)])
def test_a_crop_that_is_too_small_or_outside_is_refused(browser, story, part):
    name = story["document"]["scenes"][0]["picture"]["file"].removeprefix("pictures/")
    order = dict(zip(("left", "top", "width", "height"), part, strict=True))
    assert browser.post(f"/stories/{story['id']}/pictures/{name}/crop", json=order).status_code == 422


def test_estimated_length_is_within_a_tenth_of_the_voice():
    text = "Council tax goes up by 3.5%, below the five percent first proposed. The average home will pay £1,200 a year."
    sound = hear_seconds(text)
    assert narration_seconds(text, NOTHING) == pytest.approx(sound, rel=0.1)
    assert narration_seconds("", NOTHING) == 0


def hear_seconds(text):
    from cluster.newsroom.preview import preview_voice

    assert script_of(text)
    with wave.open(io.BytesIO(preview_voice(text, "heart", NOTHING))) as sound:
        return sound.getnframes() / sound.getframerate()


def test_a_voice_preview_uses_the_storys_pronunciations(browser):
    order = {"narration": "Harwick.", "voice": "heart"}
    plain = browser.post("/voice", json=order)
    told = browser.post("/voice", json=order | {"pronunciations": {"Harwick": "HH AE1 R IH0 K"}})
    assert plain.headers["content-type"] == "audio/wav"
    assert plain.content != told.content
    assert browser.post("/voice", json=order | {"voice": "linda"}).status_code == 422
    assert browser.post("/voice", json=order | {"narration": "\U0001f600 ..."}).status_code == 422


@pytest.mark.slow
def test_a_scene_is_previewed_before_its_story_is_finished(browser, story):
    document = {"title": "", "scenes": [{"picture": {"file": story["document"]["scenes"][0]["picture"]["file"]}}]}
    answer = browser.post(f"/stories/{story['id']}/stills/0", json={"document": document})
    assert answer.headers["content-type"] == "image/jpeg", answer.text
    assert Image.open(io.BytesIO(answer.content)).size == (1280, 720)
    assert browser.post(f"/stories/{story['id']}/stills/1", json={"document": document}).status_code == 422


@pytest.mark.parametrize(
    ("status", "why"), [("Succeeded", None), ("Failed", "workflow budget-r1 was cancelled"), ("Error", None)]
)
def test_openapi_describes_the_webhooks_payload(status, why):
    notice = Notification(run="uid-1", story="gs://a/b.json", status=status, video=None, why=why)
    told = json.loads(notice.content(datetime(2026, 5, 3, 12, tzinfo=UTC)))
    described = RunEndedNotification.model_validate(told).model_dump(mode="json")
    assert described.keys() == told.keys() and described["data"] == told["data"]


def test_unavailable_voice_is_reported_with_alternatives(browser, story):
    checked = browser.post("/check", json={"document": story["document"] | {"voice": "linda"}, "id": story["id"]}).json()
    told = [(fault["path"], fault["message"]) for fault in checked["faults"]]
    assert told == [(["voice"], "linda is spoken by tacotron2, which is not here; use voice heart")]
