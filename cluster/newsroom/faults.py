"""What is wrong with a story while it is being written: every fault at once, each at its field, as the contract says it."""

from collections.abc import Iterator

from cluster.newsroom.documents import Document, content_of
from newsreel.brands import brand_pronunciations
from newsreel.errors import BadInput
from newsreel.story.pronunciation import Lexicon
from newsreel.story.schema import VOICES, Story
from newsreel.story.source import StoryFile, parse_story
from newsreel.yaml_source import Fault

__all__ = ["faults_of", "lexicon_of"]


def faults_of(document: Document, pictures: frozenset[str] | None, voice_system: str) -> list[Fault]:
    """In the order of the story. `pictures` are those that are there; None leaves that open, for a story not saved yet."""
    file = parse_story(content_of(document), "story")
    found = [*file.faults, *of_voice(file, voice_system)]
    if pictures is not None:
        found += [file.fault(path, "is not there; add it again") for path, name in file.pictures() if name not in pictures]
    if file.story:
        found += of_narrations(file, file.story)
    return sorted(found, key=lambda fault: fault.line)


def of_voice(file: StoryFile, voice_system: str) -> Iterator[Fault]:
    name = file.tree.value.get("voice") if isinstance(file.tree.value, dict) else None
    voice = VOICES.get(name) if isinstance(name, str) else None
    if voice and voice.system != voice_system:
        spoken = " or ".join(other for other, known in VOICES.items() if known.system == voice_system)
        yield file.fault(("voice",), f"{name} is spoken by {voice.system}, which this newsroom has not; choose {spoken}")


def of_narrations(file: StoryFile, story: Story) -> Iterator[Fault]:
    """What only a look at the words as they are spoken finds; without that part installed, the workflow finds it."""
    try:
        from steps.init_story.script import script_of
    except ImportError:
        return
    lexicon = lexicon_of(story.brand, story.pronunciations)
    for index, scene in enumerate(story.scenes):
        try:
            script_of(scene.narration, lexicon)
        except BadInput as fault:
            yield file.fault(("scenes", index, "narration"), str(fault))


def lexicon_of(brand: str, pronunciations: dict[str, str]) -> Lexicon:
    return Lexicon.of(brand_pronunciations(brand), pronunciations)
