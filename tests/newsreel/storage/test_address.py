"""Hostile text is refused, and allowed prefixes are compared by whole segments after resolving links."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.errors import BadInput
from newsreel.storage.address import Address, AllowList

SEGMENTS = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=12).filter(
    lambda text: text not in (".", "..")
)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
BUCKETS = st.text(string.ascii_lowercase + string.digits, min_size=3, max_size=20)


def allow(*prefixes):
    return AllowList(prefixes=tuple(map(Address.parse, prefixes)))


@given(st.text())
def test_any_text_is_an_address_or_one_clear_line(text):
    for candidate in (text, f"file:{text}", f"gs://bucket/{text}", f"gs://{text}"):
        try:
            address = Address.parse(candidate)
        except BadInput as fault:
            assert "\n" not in str(fault)
            assert str(fault).isprintable()
        else:
            assert Address.parse(str(address)) == address


@given(st.text())
def test_a_parsed_address_has_no_relative_segments(text):
    try:
        address = Address.parse(f"gs://bucket/{text}")
    except BadInput:
        return
    segments = address.path.split("/")
    assert ".." not in segments
    assert not set(address.path) & set("%{}?#\\*\n\x00")


@given(bucket=BUCKETS, path=PATHS)
def test_a_plain_object_address_comes_back_as_it_was(bucket, path):
    assert str(Address.parse(f"gs://{bucket}/{path}")) == f"gs://{bucket}/{path}"


@given(bucket=BUCKETS, path=PATHS, generation=st.integers(1, 2**62))
def test_a_generation_is_not_passed_to_siblings(bucket, path, generation):
    address = Address.parse(f"gs://{bucket}/{path}#{generation}")
    assert (address.path, address.generation) == (path, generation)
    assert str(address) == f"gs://{bucket}/{path}#{generation}"
    assert address.sibling("a.png").generation is None
    assert str(address.child("a.png")) == f"gs://{bucket}/{path}/a.png"


@given(bucket=BUCKETS, prefix=PATHS, path=PATHS)
def test_a_prefix_allows_what_is_below_it_and_no_sibling(bucket, prefix, path):
    allowed = allow(f"gs://{bucket}/{prefix}")
    allowed.require(Address.parse(f"gs://{bucket}/{prefix}/{path}"))
    with pytest.raises(BadInput, match="outside"):
        allowed.require(Address.parse(f"gs://{bucket}/{prefix}x/{path}"))
    with pytest.raises(BadInput, match="outside"):
        allowed.require(Address.parse(f"gs://{bucket}x/{prefix}/{path}"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "budget.yaml",
        "/etc/passwd",
        "http://host/x",
        "file:",
        "file://host/x",
        "file:///etc/passwd",
        "file:a/../../etc/passwd",
        "file:..",
        "file:a//b",
        "file:a/./b",
        "file:a\nb",
        "file:a\x00b",
        "file:%2e%2e/x",
        "file:{{workflow.name}}",
        "file:\u202eexe.yaml",
        "gs://",
        "gs:///x",
        "gs://Bucket/x",
        "gs://a..b/x",
        "gs://bucket/../x",
        "gs://bucket//x",
        "gs://bucket/x?alt=media",
        "gs://bucket/x#",
        "gs://bucket/x#new",
        "gs://bucket#1",
        "gs://bucket/{{workflow.name}}",
        "gs://bucket/a b",
        "gs://bucket/\u00e9",
        "gs://bucket/" + "x" * 1100,
    ],
)
def test_hostile_text_is_refused(text):
    with pytest.raises(BadInput, match="address"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("file:out", "file:out"),
        ("file:./out/", "file:out"),
        ("file:.", "file:."),
        ("file:/", "file:/"),
        ("file:/home/J\u00fcrgen M/story (1).yaml", "file:/home/J\u00fcrgen M/story (1).yaml"),
        ("gs://bucket/", "gs://bucket"),
        ("gs://my-bucket.example.org/a/b.yaml", "gs://my-bucket.example.org/a/b.yaml"),
    ],
)
def test_valid_text_is_accepted(text, plain):
    assert str(Address.parse(text)) == plain


def test_a_picture_is_found_beside_its_story():
    beside = {
        "file:budget.yaml": "file:p/a.png",
        "file:/budget.yaml": "file:/p/a.png",
        "file:s/budget.yaml": "file:s/p/a.png",
        "gs://bucket/budget.yaml": "gs://bucket/p/a.png",
        "gs://bucket/s/budget.yaml": "gs://bucket/s/p/a.png",
    }
    assert {text: str(Address.parse(text).sibling("p/a.png")) for text in beside} == beside


def test_a_link_out_of_the_allowed_folder_is_refused(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "inside" / "way-out").symlink_to(tmp_path / "outside")
    allowed = allow(f"file:{tmp_path}/inside")
    allowed.require(Address.parse(f"file:{tmp_path}/inside/new/file"))
    with pytest.raises(BadInput, match="outside"):
        allowed.require(Address.parse(f"file:{tmp_path}/inside/way-out/secret"))


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(BadInput):
        allow(f"file:{tmp_path}").require(Address.parse(f"file:{tmp_path}/a"))


def test_nothing_is_allowed_without_configuration():
    with pytest.raises(BadInput, match="NEWSREEL_ADDRESSES"):
        AllowList.from_environment({}).require(Address.parse("file:x"))


def test_the_refusal_names_the_address_and_the_allowed_ones():
    allowed = AllowList.from_environment({"NEWSREEL_ADDRESSES": "gs://stories/, file:desk"})
    with pytest.raises(BadInput) as refused:
        allowed.require(Address.parse("gs://elsewhere/x"))
    assert str(refused.value) == "gs://elsewhere/x: outside the allowed addresses: gs://stories, file:desk"
