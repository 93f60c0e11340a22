"""A scene is cut by its length into chunks that can be shared and joined."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.media.encoder import CHUNK_MULTIPLE, MAX_CHUNK_FRAMES, chunk_files, chunks


@given(frames=st.integers(1, 20_000))
def test_every_frame_is_in_one_chunk_and_none_is_too_long(frames):
    cut = chunks(frames)
    assert [frame for stretch in cut for frame in stretch] == list(range(frames))
    assert all(0 < len(stretch) <= MAX_CHUNK_FRAMES for stretch in cut)
    assert all(stretch.start % CHUNK_MULTIPLE == 0 for stretch in cut)


@given(frames=st.integers(1, 20_000))
def test_there_are_no_more_chunks_than_needed(frames):
    assert len(chunks(frames)) == -(-frames // MAX_CHUNK_FRAMES)


@pytest.mark.parametrize(("frames", "lengths"), [(300, [300]), (301, [180, 121]), (640, [240, 240, 160]), (1, [1])])
def test_the_chunks_of_a_scene_have_similar_lengths(frames, lengths):
    assert [len(stretch) for stretch in chunks(frames)] == lengths


def test_each_chunk_has_its_own_file():
    assert chunk_files("actor", 3, 640, ".mp4") == ("actor/03-00.mp4", "actor/03-01.mp4", "actor/03-02.mp4")
