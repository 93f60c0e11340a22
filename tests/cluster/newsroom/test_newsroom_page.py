"""The page in a real browser, before runs that are replayed: what an editor sees and what a keyboard reaches."""

import json
from datetime import UTC, datetime

from in_a_browser import page_of, served, write
from writing import Remembered, picture, publish

from cluster.newsroom.identity import Person
from cluster.newsroom.runs import StepState

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
TIGHT = EVIL.replace(" ", "/")
"""Of a step's name no more than two words are shown."""
FILM, CAPTIONS = b"a film", b"WEBVTT\n"
VIDEO = {
    "landscape.mp4": (FILM, "video/mp4"),
    "captions.vtt": (CAPTIONS, "text/vtt; charset=utf-8"),
    "poster.jpg": (picture("JPEG"), "image/jpeg"),
}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def test_editor_writes_submits_and_watches_a_story(chromium, tmp_path, drawing):
    runs = Remembered()
    with served(tmp_path / "room", runs) as address, page_of(chromium, address) as page:
        scene = write(page, "The library opens", "Good \U0001f600", drawing)
        fault = scene.locator(".narration .fault", has_text="GRINNING FACE cannot be spoken")
        fault.wait_for()
        narration = scene.get_by_label("Narration")
        assert narration.get_attribute("aria-describedby") == fault.get_attribute("id")
        narration.fill("The library opens on Sundays.")
        fault.wait_for(state="detached")
        page.get_by_role("button", name="Make the video").click()
        credit = scene.get_by_label("Credit")
        scene.locator("[data-name='picture.credit'] .fault").wait_for()
        assert credit.evaluate("field => field === document.activeElement"), "the first fault has the focus"
        assert runs.asked == []
        credit.fill("City archive")
        scene.locator("[data-name='picture.credit'] .fault").wait_for(state="detached")
        page.get_by_label("How urgent").select_option("breaking")
        page.get_by_role("button", name="Make the video").click()
        page.get_by_role("heading", name="Waiting its turn").wait_for()
        assert runs.asked == [("submit", "the-library-opens", 1)]
        assert runs.kept == {("the-library-opens", 1): "breaking"}
        assert page.get_by_label("How urgent").is_disabled()
        steps = (
            StepState(name="dlib", state="running", done=90, total=360, counts="frames"),
            StepState(name="hibari", state="running", done=2, total=8),
        )
        runs.put("the-library-opens", 1, "running", steps=steps, progress=0.25)
        page.get_by_text("90 of 360").wait_for()
        page.get_by_text("25 %").wait_for()
        failed = {"steps": steps, "message": "compose: the disk is full", "ended": datetime.now(UTC), "priority": "breaking"}
        runs.put("the-library-opens", 1, "failed", **failed)
        page.locator("#why", has_text="compose: the disk is full").wait_for()
        page.locator("#spoken", has_text="It could not be made: compose: the disk is full").wait_for(state="attached")
        page.get_by_role("heading", name="It could not be made").wait_for()
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("heading", name="Cancelled").wait_for()


def test_markup_in_every_field_is_shown_as_it_was_written(chromium, tmp_path, drawing):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        scene = write(page, EVIL, EVIL, drawing)
        for label in ("Headline", "What is to be seen", "Credit"):
            scene.get_by_label(label).fill(EVIL)
        page.locator("#list .called", has_text=EVIL).wait_for()
        page.get_by_text("Saved", exact=True).wait_for()
        page.reload()
        page.locator(".scene").wait_for()
        assert page.get_by_label("Title").input_value() == EVIL
        assert page.locator("img[src=x]").count() == 0


def test_markup_in_what_others_say_is_shown_as_it_was_said(chromium, tmp_path):
    """A run's message comes from a step, a step's name from Argo, a choice that is none from the API: all may be anybody's."""
    runs = Remembered()
    with served(tmp_path / "room", runs) as address:
        written = {"title": EVIL, "presenter": EVIL, "voice": EVIL, "music": EVIL, "scenes": [{"narration": EVIL, EVIL: EVIL}]}
        home = tmp_path / "room" / "stories" / "evil"
        home.mkdir(parents=True)
        for name, revision in (("draft", 2), ("r1", 1)):
            (home / f"{name}.json").write_text(json.dumps({"id": "evil", "revision": revision} | written))
        steps = tuple(StepState(name=TIGHT, state=state, message=EVIL, counts=EVIL) for state in ("running", "failed"))
        runs.put("evil", 1, "failed", message=EVIL, steps=steps)
        with page_of(chromium, f"{address}#/evil") as page:
            page.locator("#why", has_text=EVIL).wait_for()
            assert page.locator("#steps li", has_text=TIGHT).count() == 2
            assert page.get_by_label("Presenter").input_value() == EVIL
            page.locator(".scene").get_by_label("Narration").blur()
            page.locator(".fault").first.wait_for()
            assert page.locator("img[src=x], li script, p script").count() == 0


def test_scenes_move_by_keyboard_and_removal_is_undone(chromium, tmp_path):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        page.locator("#new").click()
        page.get_by_label("Title").fill("Two scenes")
        page.get_by_label("Headline").fill("First")
        page.get_by_role("button", name="Add a scene").click()
        page.keyboard.type("Second")
        page.keyboard.press("Alt+ArrowUp")
        headlines = page.get_by_label("Headline")
        assert [headlines.nth(number).input_value() for number in range(2)] == ["Second", "First"]
        page.keyboard.type("!")
        assert headlines.nth(0).input_value() == "Second!"
        page.get_by_role("button", name="Remove scene 1").click()
        assert headlines.count() == 1
        page.get_by_role("button", name="Undo").click()
        assert [headlines.nth(number).input_value() for number in range(2)] == ["Second!", "First"]


def test_conflicting_edit_is_asked_and_not_lost(chromium, tmp_path):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as mine:
        mine.locator("#new").click()
        mine.get_by_label("Title").fill("Ours")
        mine.get_by_text("Saved", exact=True).wait_for()
        with page_of(chromium, mine.url) as theirs:
            theirs.get_by_label("Title").fill("Theirs")
            theirs.locator("#list .called", has_text="Theirs").wait_for()
            mine.get_by_label("Title").fill("Mine")
            mine.get_by_text("Somebody else has saved this story").wait_for()
            assert mine.get_by_label("Title").input_value() == "Mine"
            mine.get_by_role("button", name="Keep mine").click()
            mine.get_by_text("Saved", exact=True).wait_for()
            theirs.reload()
            theirs.locator("#list .called", has_text="Mine").wait_for()


def test_page_fits_a_phone(chromium, tmp_path, drawing):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address, **PHONE) as page:
        write(page, "The library opens on Sundays", "The library opens on Sundays.", drawing)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        small = "[...document.querySelectorAll('main button')].filter(one => one.offsetParent && one.offsetHeight < 24).length"
        assert page.evaluate(small) == 0
        assert page.get_by_role("button", name="Make the video").is_visible()
        page.locator("#home").click()
        page.get_by_role("link", name="The library opens").wait_for()


class Writer:
    """Who is signed in may write, and no more."""

    def person(self, headers):
        return Person(email="bert@example.org", roles=frozenset({"writer"}))


def test_a_writer_saves_and_sees_who_may_publish(chromium, tmp_path, drawing):
    runs = Remembered()
    with served(tmp_path / "room", runs, identity=Writer()) as address, page_of(chromium, address) as page:
        write(page, "The library opens", "The library opens on Sundays.", drawing).get_by_label("Credit").fill("City archive")
        page.get_by_text("A publisher sends it off.").wait_for()
        page.get_by_text("bert@example.org").wait_for()
        assert page.get_by_role("button", name="Make the video").is_disabled()
        assert not page.get_by_label("How urgent").is_visible()
        page.keyboard.press("Control+Enter")
        page.get_by_text("Saved", exact=True).wait_for()
    assert runs.asked == []


def test_every_control_has_a_name_for_who_cannot_see_it(chromium, tmp_path, drawing):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        write(page, "The library opens on Sundays", "The library opens on Sundays.", drawing)
        nameless = """[...document.querySelectorAll('button, input, textarea, select, a, video')].filter(one =>
            one.offsetParent && !(one.labels?.length || one.getAttribute('aria-label') ||
            one.textContent.trim())).map(one => one.outerHTML)"""
        assert page.evaluate(nameless) == []


def test_length_is_shown_while_typing(chromium, tmp_path):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        page.locator("#new").click()
        page.get_by_text("1 scene, 0 words").wait_for()
        total = page.locator("#total")
        before = seconds(total)
        page.get_by_label("Narration").press_sequentially("The library opens on Sundays. It costs a lot.")
        page.get_by_text("1 scene, 9 words").wait_for()
        assert before < seconds(total)


def seconds(clock):
    minutes, _, rest = clock.inner_text().partition(":")
    return 60 * int(minutes) + int(rest)


def test_ctrl_s_saves_a_story_without_title(chromium, tmp_path):
    """Without a title nothing is saved by itself."""
    room = tmp_path / "room"
    with served(room, Remembered()) as address, page_of(chromium, address) as page:
        page.locator("#new").click()
        page.get_by_label("Narration").fill("The library opens on Sundays.")
        page.keyboard.press("Control+s")
        page.get_by_text("Saved", exact=True).wait_for()
    assert "opens on Sundays" in (room / "stories" / "story" / "draft.json").read_text()


def test_crop_replaces_the_picture_in_the_scene(chromium, tmp_path, drawing):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        shown = write(page, "The library opens", "Words.", drawing).locator(".frame img")
        whole = shown.get_attribute("src")
        page.get_by_role("button", name="Crop").click()
        page.get_by_role("slider", name="Zoom").fill("1")
        page.get_by_role("slider", name="Down").fill("1")
        page.get_by_role("button", name="Use this part").click()
        # 640x480 at its bottom, as wide as it is: 1152:646 of it is left.
        lower = whole.replace(".jpg", "-0-2523-10000-7476.jpg")
        page.locator(f".frame img[src='{lower}']").wait_for()
        assert not page.locator("#crop").is_visible()
        assert shown.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [640, 358]


def test_screen_reader_hears_the_end_of_a_run(chromium, tmp_path, drawing):
    runs, room = Remembered(), tmp_path / "room"
    with served(room, runs) as address, page_of(chromium, address) as page:
        write(page, "The library opens", "The library opens on Sundays.", drawing).get_by_label("Credit").fill("City archive")
        page.get_by_role("button", name="Make the video").click()
        spoken = page.locator("#spoken[role=status]")
        spoken.get_by_text("Sent off", exact=True).wait_for(state="attached")
        publish(room, "the-library-opens", VIDEO)
        runs.put("the-library-opens", 1, "succeeded")
        spoken.get_by_text("The video is ready", exact=True).wait_for(state="attached")
        for link, name, content in (("Video", "landscape.mp4", FILM), ("Captions", "captions.vtt", CAPTIONS)):
            with page.expect_download() as download:
                page.get_by_role("link", name=link, exact=True).click()
            assert download.value.suggested_filename == f"the-library-opens-r1-{name}"
            assert download.value.path().read_bytes() == content


LATE_ADDRESS = """
const add = window.addEventListener;
window.addEventListener = (type, work, ...more) =>
  add.call(window, type, type === "hashchange" ? () => setTimeout(work, 1500) : work, ...more);
"""
"""A browser that is too busy to report a changed address for a while."""


def test_what_is_typed_after_new_story_belongs_to_it(chromium, tmp_path):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        page.add_init_script(LATE_ADDRESS)
        page.reload()
        page.locator("#new:not([disabled])").wait_for(state="attached")
        for title in ("The library opens", "A tram returns"):
            page.locator("#new").click()
            page.get_by_label("Title").fill(title)
            page.locator("#list .called", has_text=title).wait_for()
        assert page.locator("#list .called").all_inner_texts() == ["A tram returns", "The library opens"]


def test_an_older_list_does_not_replace_a_newer(chromium, tmp_path):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        page.locator("#new").click()
        page.get_by_label("Title").fill("The library opens")
        called = page.locator("#list .called", has_text="The library opens")
        called.wait_for()
        asked = []
        page.route("**/stories?words=tram*", lambda route: asked.append(route))  # playwright puts attributes on its handlers
        for count in (1, 2):
            page.get_by_label("Find a story").fill("tram")
            while len(asked) < count:
                page.wait_for_timeout(20)
        asked[1].fulfill(json=[])
        page.get_by_text("No story is called that.").wait_for()
        with page.expect_response("**/stories?words=*"):
            asked[0].continue_(url=asked[0].request.url.replace("tram", "library"))
        page.wait_for_timeout(200)
        assert not called.is_visible()


def test_newest_stories_come_first_and_search_finds_all(chromium, tmp_path):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        page.get_by_text("No story yet.").wait_for()
        assert not page.get_by_label("Find a story").is_visible()
        for title in ("The library opens", "A tram returns", "The budget of the library"):
            page.locator("#new").click()
            page.get_by_label("Title").fill(title)
            page.locator("#list .called", has_text=title).wait_for()
        page.reload()
        called = page.locator("#list .called")
        called.nth(2).wait_for()
        assert called.all_inner_texts() == ["The budget of the library", "A tram returns", "The library opens"]
        page.get_by_label("Find a story").fill("Libr the")
        page.locator("#list:not(:has-text('tram'))").wait_for()
        assert called.all_inner_texts() == ["The budget of the library", "The library opens"]
        page.get_by_label("Find a story").fill("ship")
        page.get_by_text("No story is called that.").wait_for()
