"""A real browser before a real server, for the tests that look at the page itself."""

import os
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
import uvicorn

from cluster.newsroom.app import application
from cluster.newsroom.wiring import local_newsroom
from tests.servers import free_port

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def served(folder, runs=None, **changed):
    """A newsroom in a folder, at the address that is yielded; `changed` are parts of it."""
    port = free_port()
    app = application(replace(local_newsroom(folder, port, runs), **changed))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def browsing():
    """Chromium, headless; what it complains of in the meantime must be nothing."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("there is no chromium; name one by CHROMIUM=")
    with playwright.sync_playwright() as play:
        arguments = ["--no-sandbox", "--headless", "--autoplay-policy=no-user-gesture-required"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_of(browser, address, **options):
    context = browser.new_context(**options)
    complaints = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(address)
    page.locator("#new:not([disabled])").wait_for(state="attached")
    try:
        yield page
    finally:
        context.close()
    assert complaints == []


def write(page, title, narration, picture):
    """A story of one scene, all but its credit."""
    page.locator("#new").click()
    page.get_by_label("Title").fill(title)
    scene = page.locator(".scene")
    scene.get_by_label("Headline").fill("Open on Sundays")
    scene.get_by_label("Narration").fill(narration)
    scene.get_by_label("What is to be seen").fill("A reading room")
    scene.locator("input[type=file]").set_input_files(picture)
    scene.locator(".frame.has img").wait_for()
    return scene
