"""What strangers, other sites and careless people send: each is refused, with the status that says why."""

import importlib
import json
import pkgutil
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from writing import BROWSER, HOST, STORY, picture

from cluster.newsroom import routes
from cluster.newsroom.app import application
from cluster.newsroom.guard import RateLimiter, TooManyRequests
from cluster.newsroom.identity import BehindProxy, Roles

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def post(browser, address="/stories", content=b'{"title": "A"}', kind="application/json", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.post(address, content=content, headers={"content-type": kind} | named)


@pytest.fixture
def stranger(newsroom):
    """Not a browser: sends no header but those it is told to."""
    with TestClient(application(newsroom), base_url=f"http://{HOST}", raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:8090", "", f"{HOST}, evil"]
)
def test_foreign_host_is_rejected_against_dns_rebinding(browser, host):
    assert browser.get("/stories", headers={"host": host}).status_code == 421
    assert post(browser, host=host).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"http://{HOST}.evil.example"},
        {"origin": f"http://evil.example?{HOST}"},
    ],
)
def test_what_another_site_makes_a_browser_send_is_refused(browser, headers):
    assert browser.post("/stories", json=STORY, headers=headers).status_code == 403
    assert browser.get("/stories").json() == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "", "application/jsonp"]
)
def test_content_type_of_a_form_is_415(stranger, kind):
    assert post(stranger, kind=kind).status_code == 415


def doors():
    """Each way in, as method and address."""
    modules = [importlib.import_module(f"{routes.__name__}.{found.name}") for found in pkgutil.iter_modules(routes.__path__)]
    routers = [router for module in modules for name, router in vars(module).items() if name.endswith("ROUTES")]
    for route in [route for router in routers for route in router.routes]:
        for method in route.methods:
            yield method, re.sub(r"\{[^}]*\}", "a", route.path.replace("{index}", "0"))
    yield "GET", "/openapi.json"


def test_every_way_in_but_the_two_for_machines_asks_who_is_there(newsroom):
    guarded = application(replace(newsroom, identity=BehindProxy(secret="s" * 32, roles=Roles.of("@example.org", ""))))
    forged = {"x-forwarded-email": "anna@example.org", "x-newsroom-proxy": "guess", "content-type": "application/json"}
    with TestClient(guarded, base_url=f"http://{HOST}", headers=BROWSER | forged) as client:
        answers = {door: client.request(*door).status_code for door in doors()}
    assert len(answers) > 15
    assert {address for (_, address), status in answers.items() if status != 401} == {"/healthz", "/metrics"}


def test_every_way_to_change_something_is_closed_to_other_sites(browser):
    changing = [door for door in doors() if door[0] not in ("GET", "HEAD")]
    assert len(changing) > 7
    for method, address in changing:
        for sign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert browser.request(method, address, json={}, headers=sign).status_code == 403, address
        assert browser.request(method, address, content=b"a=b", headers={"content-type": "text/plain"}).status_code == 415


def test_a_method_without_a_route_is_405(browser):
    for address in ("/stories", "/stories/a", "/check"):
        for method in ("DELETE", "PATCH"):
            assert browser.request(method, address).status_code == 405, (method, address)


def test_no_cors_header_is_sent_to_other_sites(browser, stranger):
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for client in (browser, stranger):
        answer = client.options("/stories", headers=asked)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_another_site_may_link_to_the_page_and_read_nothing(browser):
    linked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert browser.get("/", headers=linked).status_code == 200
    for mode in ("no-cors", "cors"):
        assert browser.get("/stories", headers=linked | {"sec-fetch-mode": mode, "sec-fetch-dest": "script"}).status_code == 403


def test_large_body_is_rejected_whatever_its_declared_length(browser, stranger):
    def endless():
        for _ in range(2000):
            yield b" " * 1000

    assert post(browser, content=b" " * 600_000).status_code == 413
    assert stranger.post("/stories", content=endless(), headers={"content-type": "application/json"}).status_code == 413
    assert post(browser, content_length="99999999999999999999").status_code == 413
    for length in ("-1", "9" * 5000, "1e3", " ", "\u00b2"):
        assert post(browser, content_length=length.encode("latin-1")).status_code == 413


def test_large_picture_is_rejected_before_it_is_stored(browser, stranger, story, newsroom):
    def endless():
        for _ in range(50):
            yield bytes(1_000_000)

    before, here = newsroom.repository.pictures(story["id"]), f"/stories/{story['id']}/pictures"
    assert post(stranger, here, endless(), "image/png").status_code == 413
    assert post(browser, here, b"x", "image/png", content_length="40000001").status_code == 413
    assert newsroom.repository.pictures(story["id"]) == before


def test_a_story_is_no_larger_for_being_called_a_picture(browser):
    assert post(browser, content=b" " * 600_000, kind="image/png").status_code == 413


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a":' * 12 + b"1" + b"}" * 12,
        b'{"title": NaN}',
        b'{"title": "\\ud800"}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_story_at_all_is_refused_and_nothing_is_kept(browser, content):
    assert post(browser, content=content).status_code in (400, 422)
    assert browser.get("/stories").json() == []


@pytest.mark.parametrize("name", ["%2e%2e", "..%2f..%2fetc", "a%2fb", "_audit", "A", "a" * 41, "-a", "a%00", "%EF%BC%8E"])
def test_a_storys_name_is_never_a_way_to_another_file(browser, story, name, newsroom):
    stories = newsroom.repository.stories.file
    for folder in ("_audit", "A", "a" * 41, "-a", "a/b", ".."):
        (stories / folder).mkdir(parents=True, exist_ok=True)
        (stories / folder / "draft.json").write_text("{}")
    for address in (f"/stories/{name}", f"/stories/{name}/media/landscape.mp4", f"/stories/{name}/pictures/a.jpg"):
        assert browser.get(address).status_code in (404, 422), address


@pytest.mark.parametrize(
    "name", ["..%2fdraft.json", "%2e%2e%2fr1.json", "draft.json", "a.svg", "x" * 300, "0" * 20 + ".jpg.html"]
)
def test_file_names_cannot_traverse_paths(browser, story, name):
    assert browser.get(f"/stories/{story['id']}/pictures/{name}").status_code in (404, 422)
    assert browser.get(f"/stories/{story['id']}/media/{name}").status_code == 404
    assert browser.get(f"/page/{name}").status_code == 404
    assert browser.get(f"/page/..%2f{name}").status_code == 404


@pytest.mark.parametrize(
    "file", ["http://169.254.169.254/latest", "file:///etc/passwd", "//evil.example/a.jpg", "../../../etc/passwd", "gs://other/a"]
)
def test_no_address_in_a_story_is_ever_fetched(browser, story, file, runs, monkeypatch):
    def forbidden(*_):
        raise AssertionError("somebody went out to fetch it")

    monkeypatch.setattr("socket.socket.connect", forbidden)
    document = story["document"] | {
        "scenes": [story["document"]["scenes"][0] | {"picture": {"file": file, "credit": "a", "alt": "b"}}]
    }
    saved = browser.put(f"/stories/{story['id']}", json=document, headers={"if-match": story["etag"]}).json()
    sent = browser.post(f"/stories/{story['id']}/run", json={}, headers={"if-match": saved["etag"]})
    still = browser.post(f"/stories/{story['id']}/stills/0", json={"document": document})
    assert (sent.status_code, still.status_code, runs.asked) == (422, 422, [])


def test_no_webhook_is_taken_that_the_installation_does_not_name(browser, story, runs, newsroom):
    run, seen = f"/stories/{story['id']}/run", {"if-match": story["etag"]}
    for webhook in ("https://169.254.169.254/", "http://localhost/", "file:///etc/passwd", "https://cms.example.org/hooks"):
        answer = browser.post(run, json={"webhook": webhook}, headers=seen)
        assert (answer.status_code, "webhook" in answer.json()["detail"]) == (422, True)
    assert runs.asked == [] and newsroom.repository.newest(story["id"]) == 0, "nothing is sent off"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + b"0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"\xff\xd8\xff" + b"\0" * 1000,
        picture()[:5000],
        picture(size=(100, 100)),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_usable_picture_is_refused_and_not_kept(browser, story, content, newsroom):
    before = newsroom.repository.pictures(story["id"])
    answer = browser.post(f"/stories/{story['id']}/pictures", content=content, headers={"content-type": "image/png"})
    assert (answer.status_code, "this picture" in answer.json()["detail"]) == (422, True)
    assert newsroom.repository.pictures(story["id"]) == before


def test_markup_in_fields_is_returned_as_data(browser):
    scene = {"narration": EVIL, "headline": EVIL, "picture": {"file": EVIL, "credit": EVIL, "alt": EVIL}}
    begun = browser.post("/stories", json={"title": EVIL, "presenter": EVIL, EVIL: EVIL, "scenes": [scene]})
    for answer in (begun, browser.get(begun.headers["location"]), browser.get("/stories"), browser.get(f"/stories/{EVIL}")):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_answer_forbids_what_the_page_does_not_need(browser, story):
    for address in ("/", "/page/main.js", "/stories", f"/stories/{story['id']}", "/stories/none", "/nowhere", "/healthz"):
        headers = browser.get(address).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'"), address
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers


def test_the_page_never_makes_markup_of_text():
    from cluster.newsroom.routes.files import PAGE_FILES

    sinks = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "DOMParser")
    scripts = [path.read_text() for name, path in PAGE_FILES.items() if name.endswith(".js")]
    assert len(scripts) > 5
    assert not [sink for sink in sinks for script in scripts if sink in script]
    page = PAGE_FILES["index.html"].read_text()
    assert " style=" not in page and " onclick" not in page and "<script>" not in page


def test_claimed_identity_without_ingress_is_rejected(newsroom):
    guarded = replace(newsroom, identity=BehindProxy(secret="s" * 32, roles=Roles.of("@example.org", "anna@example.org")))
    with TestClient(application(guarded), base_url=f"http://{HOST}", headers=BROWSER) as client:
        forged = {"x-forwarded-email": "anna@example.org", "x-goog-authenticated-user-email": "anna@example.org"}
        assert client.get("/stories").status_code == 401
        assert client.get("/stories", headers=forged).status_code == 401
        assert client.get("/stories", headers=forged | {"x-newsroom-proxy": "guess"}).status_code == 401
        twice = [
            (b"x-newsroom-proxy", b"s" * 32),
            (b"x-forwarded-email", b"bert@example.org"),
            (b"x-forwarded-email", b"anna@example.org"),
        ]
        assert client.get("/stories", headers=twice).status_code == 400
        anna = {"x-newsroom-proxy": "s" * 32, "x-forwarded-email": "anna@example.org"}
        bert, carl = anna | {"x-forwarded-email": "bert@example.org"}, anna | {"x-forwarded-email": "carl@evil.example"}
        assert client.get("/stories", headers=carl).status_code == 403
        begun = client.post("/stories", json=STORY, headers=bert)
        assert begun.status_code == 201
        run = f"/stories/{begun.json()['id']}/run"
        tag = {"if-match": begun.json()["etag"]}
        assert client.post(run, json={}, headers=bert | tag).status_code == 403, "a writer does not publish"
        assert client.post(run, json={}, headers=anna | tag).status_code == 422, "a publisher does; this story has faults"
        cancel = run.replace("/run", "/cancel")
        assert [client.post(cancel, json={}, headers=who).status_code for who in (bert, anna)] == [403, 202]


def test_a_gate_lets_a_few_through_and_turns_the_rest_away():
    gate = RateLimiter(at_once=1, waiting=0, a_minute=3)
    with gate.admit("anna"), pytest.raises(TooManyRequests), gate.admit("bert"):
        raise AssertionError("two at once")
    with gate.admit("anna"), pytest.raises(TooManyRequests), gate.admit("anna"):
        pass
    with pytest.raises(TooManyRequests) as fault, gate.admit("anna"):
        pass
    assert 1 <= fault.value.seconds <= 60


def test_rate_limit_answers_with_retry_after(browser, newsroom):
    for _ in range(newsroom.voice_limit.a_minute):
        newsroom.voice_limit.count_call("you@this.machine")
    answer = browser.post("/voice", json={"narration": "A word."})
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)


def test_metrics_name_routes_and_never_a_story(browser, story):
    post(browser, kind="text/plain")
    text = browser.get("/metrics").text
    assert 'newsroom_requests_total{method="PUT",route="/stories/{identifier}",status="200"} 1.0' in text
    assert 'newsroom_refused_total{why="content-type"} 1.0' in text
    assert story["id"] not in text


def test_a_log_line_is_json_and_names_the_story_and_who(browser, story, caplog):
    from newsreel.runtime.log import JsonFormatter

    with caplog.at_level("INFO", "newsroom"):
        browser.get(f"/stories/{story['id']}")
    line = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert (line["story"], line["who"], line["status"]) == (story["id"], "you@this.machine", 200)
