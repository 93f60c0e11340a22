"""Captions: spoken words with their times as cues, burnt into the picture and as a WebVTT file.

Lines and times follow the BBC Subtitle Guidelines (2022): short lines, one sentence a cue, breaks before small words rather than
after them, a cue on screen from its first word on and shortly after its last.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from math import ceil

from newsreel.artifacts import FRAME_RATE, SpokenWord
from newsreel.story.schema import CaptionStyle
from steps.compose.graphics.overlay import (
    Frames,
    Overlay,
    TextStyle,
    cap_height,
    colour_tag,
    escape_ass,
    rounded_path,
    text_width,
)

MAX_LINE_LENGTH = 42
"""Characters."""

CUE_LEAD = 0.06
"""Seconds that a cue appears before its first word."""
CUE_LINGER = 0.7
"""Seconds that a cue stays after its last word, unless the next one appears."""


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_BREAK_AFTER = word_set(
    "a an the of to in on at by for from with and or but as is are was were be been has have had will would can could may its "
    "his her their our your my this that these those not no than more about into over per "
    "well just only even every each all some"
)
"""Words that belong to the next one: a line should not end with them."""
BREAK_BEFORE = word_set("and or but because which who that when while where if as so than for with from after before until to")
"""Words that begin a clause: a line may begin with them."""


@dataclass(frozen=True, kw_only=True)
class CueWord:
    """A word of a cue; times in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Cue:
    """One or two lines of words that are shown together; times in seconds."""

    lines: tuple[tuple[CueWord, ...], ...]
    start: float
    end: float

    def shifted(self, seconds: float) -> "Cue":
        return Cue(lines=self.lines, start=self.start + seconds, end=self.end + seconds)


def cues_of(words: Sequence[SpokenWord], duration: float) -> tuple[Cue, ...]:
    """The cues of a scene of `duration` seconds, in order and without overlaps."""
    blocks = [block for sentence in sentences(words) for block in blocks_of(sentence)]
    starts = [max(0.0, block[0][0].start - CUE_LEAD) for block in blocks]
    cues = []
    for block, start, next_start in zip(blocks, starts, [*starts[1:], duration], strict=False):
        end = min(block[-1][-1].end + CUE_LINGER, next_start, duration)
        cues.append(Cue(lines=block, start=min(start, end), end=end))
    return tuple(cue for cue in cues if cue.end > cue.start)


def sentences(words: Sequence[SpokenWord]) -> Iterator[tuple[CueWord, ...]]:
    gathered: list[CueWord] = []
    for number, word in enumerate(words):
        gathered.extend(split_long_word(word))
        if number + 1 == len(words) or words[number + 1].sentence != word.sentence:
            yield tuple(gathered)
            gathered = []


def split_long_word(word: SpokenWord) -> Iterator[CueWord]:
    """The word; if it is longer than a line, cut into parts, its time divided by their lengths."""
    parts = [word.shown[at : at + MAX_LINE_LENGTH] for at in range(0, len(word.shown), MAX_LINE_LENGTH)]
    time_each = (word.end - word.start) / max(1, len(word.shown))
    done = 0
    for part in parts:
        start = word.start + done * time_each
        done += len(part)
        yield CueWord(text=part, start=start, end=word.start + done * time_each)


Line = tuple[CueWord, ...]


def blocks_of(sentence: Line) -> tuple[tuple[Line, ...], ...]:
    """Break a sentence into blocks of at most two lines with the least total penalty (dynamic programming over its words)."""

    @cache
    def best_from(first: int) -> tuple[float, tuple[tuple[Line, ...], ...]]:
        if first == len(sentence):
            return 0.0, ()
        choices = []
        for last in range(first + 1, len(sentence) + 1):
            block = best_lines(sentence[first:last])
            if block is None:
                break
            penalty, lines = block
            rest, blocks = best_from(last)
            choices.append((penalty + (break_penalty(sentence, last) if last < len(sentence) else 0.0) + rest, (lines, *blocks)))
        return min(choices, key=lambda choice: choice[0])

    for first in reversed(range(len(sentence))):
        best_from(first)  # fills the cache from the end, so that a long sentence does not nest calls
    return best_from(0)[1]


def best_lines(words: Line) -> tuple[float, tuple[Line, ...]] | None:
    """The lines with the least penalty that show these words at once, and the penalty; None if they need more than two."""
    total = line_length(words)
    short = 5.0 if total < 20 else 0.0  # a word or two would only flash up
    choices: list[tuple[float, tuple[Line, ...]]] = []
    if total <= MAX_LINE_LENGTH:
        choices.append((4.0 + short + (0.0 if total <= 34 else 1.0), (words,)))
    for at in range(1, len(words)):
        above, below = words[:at], words[at:]
        if max(line_length(above), line_length(below)) <= MAX_LINE_LENGTH:
            uneven = abs(line_length(above) - line_length(below)) / 8
            choices.append((4.5 + short + uneven + break_penalty(words, at), (above, below)))
    return min(choices, key=lambda choice: choice[0]) if choices else None


def line_length(words: Line) -> int:
    return sum(len(word.text) for word in words) + len(words) - 1


def break_penalty(words: Line, at: int) -> float:
    """Penalty of a break before `words[at]`."""
    before, after = words[at - 1].text, words[at].text
    if before.endswith((".", "!", "?", ":", ";", ",", "\u2014", "\u2013")):
        return 0.0
    if before.lower().strip("'\"(") in NO_BREAK_AFTER:
        return 8.0
    if after.lower().strip("'\"(") in BREAK_BEFORE:
        return 1.0
    if before[:1].isdigit() or (before[:1].isupper() and after[:1].isupper()):
        return 5.0  # a number and its unit, or a name
    return 3.0


LINE_HEIGHT = 1.36
"""Ems."""


def add_captions(overlay: Overlay, cues: Sequence[Cue], style: CaptionStyle, frames: int) -> None:
    """Add cues to the overlay of a piece of `frames` frames, the spoken word highlighted; nothing for the style `none`."""
    if style == "none":
        return
    for cue in cues:
        add_cue(overlay, cue, style, (round(cue.start * FRAME_RATE), min(frames, ceil(cue.end * FRAME_RATE))))


def add_cue(overlay: Overlay, cue: Cue, style: CaptionStyle, shown: Frames) -> None:
    place, size, font = overlay.brand.places.captions, overlay.brand.sizes.caption, overlay.brand.fonts.bold
    lines = [" ".join(word.text for word in line) for line in cue.lines]
    widest = max(text_width(line, font, size) for line in lines)
    shrunk = min(1.0, (place.width - 80) / widest)  # for 42 capital W
    height = cap_height(size) + size * LINE_HEIGHT * (len(lines) - 1)
    top, middle = place.top + (place.height - height) / 2, place.left + place.width / 2
    if style == "boxed":
        width = widest * shrunk + 76
        box = rounded_path(width, height + 60, 20)
        overlay.shape(box, (middle - width / 2, top - 30), shown, colour="night", opacity=0.78, effects="\\fad(80,0)")
    text_style = TextStyle(font=font, em=size, anchor="centre", effects=f"\\fscx{100 * shrunk:.1f}\\fscy{100 * shrunk:.1f}")
    for number, line in enumerate(cue.lines):
        at = (middle, top + cap_height(size) + number * size * LINE_HEIGHT)
        if style == "plain":
            overlay.shadowed_text(lines[number], text_style, at, shown, layer=10)
        for moment, highlighted in highlight_spans(line, shown):
            marked = " ".join(colored_word(overlay, word, word is highlighted) for word in line)
            overlay.marked_text(marked, text_style, at, moment, layer=11)


def highlight_spans(line: Sequence[CueWord], shown: Frames) -> list[tuple[Frames, CueWord | None]]:
    """Spans of frames of a line, and the word that is spoken in each, if any."""
    at, end = shown
    moments: list[tuple[Frames, CueWord | None]] = []
    for word in line:
        first, last = max(at, round(word.start * FRAME_RATE)), min(end, round(word.end * FRAME_RATE))
        if last > first:
            moments += [((at, first), None), ((first, last), word)]
            at = last
    return [*moments, ((at, end), None)]


def colored_word(overlay: Overlay, word: CueWord, highlighted: bool) -> str:
    """Every word has a colour tag, highlighted or not, so that the line is always laid out alike and never shifts."""
    return f"{{{colour_tag(overlay.brand.colours['gold' if highlighted else 'paper'])}}}{escape_ass(word.text)}"


def webvtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file (W3C WebVTT, section 4): `&`, `<` and `>` escaped, so that no text becomes markup or a timing line."""
    blocks = ["WEBVTT"]
    for number, cue in enumerate(cues, 1):
        text = "\n".join(" ".join(word.text for word in line) for line in cue.lines)
        blocks.append(f"{number}\n{format_timestamp(cue.start)} --> {format_timestamp(cue.end)}\n{escape(text, quote=False)}")
    return "\n\n".join(blocks) + "\n"


def format_timestamp(seconds: float) -> str:
    """`00:01:02.345`"""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
