"""A story's own webhook: only below allowed prefixes, and called at the story's end."""

import json

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from newsreel.errors import BadInput, Conflict
from newsreel.notifications.webhook_target import WebhookAllowList, read_webhook_target, save_webhook_target
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from steps.__main__ import main
from tests.https_receiver import receiving

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
ALLOWED = WebhookAllowList(prefixes=("https://cms.example.org/hooks", "https://127.0.0.1:8443"))


@pytest.mark.parametrize(
    "webhook",
    [
        "https://cms.example.org/hooks",
        "https://cms.example.org/hooks/",
        "https://cms.example.org/hooks/newsreel?desk=7",
        "https://cms.example.org:443/hooks/newsreel",
        "https://127.0.0.1:8443/any/thing",
    ],
)
def test_an_address_below_a_prefix_is_allowed(webhook):
    ALLOWED.require(webhook)


@pytest.mark.parametrize(
    "webhook",
    [
        "http://cms.example.org/hooks",
        "https://cms.example.org/",
        "https://cms.example.org/hooksx",
        "https://cms.example.org/hooks/../admin",
        "https://cms.example.org/hooks/%2e%2e/admin",
        "https://cms.example.org/hooks/./x",
        "https://cms.example.org/hooks//x",
        "https://cms.example.org:444/hooks",
        "https://cms.example.org.evil.example/hooks",
        "https://evil.example/https://cms.example.org/hooks",
        "https://evil.example?https://cms.example.org/hooks",
        "https://cms.example.org@evil.example/hooks",
        "https://cms.example.org/hooks#/x",
        "https://cms.example.org\\@evil.example/hooks",
        "https://CMS.example.org/hooks",
        "https://169.254.169.254/computeMetadata/v1/",
        "https://127.0.0.1/hooks",
        "https://[::1]:8443/",
        "https://0x7f000001:8443/",
        "https://metadata.google.internal/hooks",
        "https://cms.example.org/hooks\r\nx: y",
        "https://cms.example.org/hooks ",
        "https://cms.example.org/hooks" + "/x" * 300,
        "file:///etc/passwd",
        "gopher://cms.example.org/hooks",
        "",
    ],
)
def test_any_other_address_is_refused(webhook):
    with pytest.raises(BadInput) as fault:
        ALLOWED.require(webhook)
    assert str(fault.value).isprintable()


@given(st.text(max_size=60))
def test_no_text_passes_an_empty_allow_list(text):
    with pytest.raises(BadInput):
        WebhookAllowList().require(text)
    with pytest.raises(BadInput):
        ALLOWED.require(f"https://{text}")


def test_an_invalid_prefix_is_refused_at_the_start():
    assert WebhookAllowList.from_environment({}).prefixes == ()
    assert WebhookAllowList.from_environment({"NEWSREEL_RECEIVERS": " https://a.example, https://b.example/x ,"}).prefixes == (
        "https://a.example",
        "https://b.example/x",
    )
    for wrong in ("cms.example.org", "http://cms.example.org", "https://*.example.org"):
        with pytest.raises(BadInput, match="NEWSREEL_RECEIVERS"):
            WebhookAllowList.from_environment({"NEWSREEL_RECEIVERS": wrong})


@pytest.fixture
def story(newsroom, monkeypatch):
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"file:{newsroom.folder}")
    return Address.parse(newsroom.story)


def test_a_storys_webhook_is_stored_once(story):
    storage = Storage.from_environment()
    assert read_webhook_target(storage, story) is None
    for _ in range(2):
        save_webhook_target(storage, story, "https://cms.example.org/hooks")
    assert read_webhook_target(storage, story) == "https://cms.example.org/hooks"
    with pytest.raises(Conflict, match="another webhook before"):
        save_webhook_target(storage, story, "https://cms.example.org/others")


@pytest.fixture
def cms(tmp_path, monkeypatch):
    with receiving(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        monkeypatch.setenv("NEWSREEL_WEBHOOK_SECRET", SECRET)
        yield server


def report(newsroom, status):
    return main(["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", status])


def test_the_storys_webhook_is_called_signed_over_tls(newsroom, story, cms, monkeypatch, capsys):
    monkeypatch.setenv("NEWSREEL_RECEIVERS", f"https://{cms.host}/hooks")
    save_webhook_target(Storage.from_environment(), story, f"https://{cms.host}/hooks/newsreel")
    assert report(newsroom, "Failed") == 0
    [(path, headers, body)] = cms.heard
    told = standardwebhooks.Webhook(SECRET).verify(body, headers)
    assert (path, told["type"], told["data"]["story"]) == ("/hooks/newsreel", "story.failed", newsroom.story)
    assert told["data"]["run"], "a run without a name gets one, so that two notices are told apart"
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("allowed", ["", "https://cms.example.org"])
def test_a_stored_webhook_outside_the_list_is_not_called(newsroom, story, cms, monkeypatch, capsys, allowed):
    monkeypatch.setenv("NEWSREEL_RECEIVERS", allowed)
    save_webhook_target(Storage.from_environment(), story, f"https://{cms.host}/hooks/newsreel")
    assert report(newsroom, "Failed") == 0
    assert cms.heard == []
    assert ("own webhook is not called" in capsys.readouterr().err) == bool(allowed)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"webhook": 7}', b"[" * 1999, b"{" * 3000])
def test_a_damaged_webhook_file_is_one_line_of_the_log(newsroom, story, cms, monkeypatch, capsys, content):
    monkeypatch.setenv("NEWSREEL_RECEIVERS", f"https://{cms.host}")
    Storage.from_environment().create(story.sibling("budget.receiver.json"), content, "application/json")
    assert report(newsroom, "Failed") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["status"] == "Failed"
    assert "own webhook is not called" in told.err
