import pytest
from made_story import HOSTILE, Sketch, compose, make_workspace, spoken

from steps.workspace import Workspace


@pytest.fixture(scope="session")
def small_story(tmp_path_factory) -> Workspace:
    """Two composed scenes of a second and a half, with opening and closing."""
    sketches = [
        Sketch(headline=HOSTILE, colour=(40, 120, 60), words=spoken("Tom & Ann say 3.5%")),
        Sketch(headline="A second headline", colour=(200, 60, 40), words=spoken("It is £1,200 a year."), captions="plain"),
    ]
    workspace = make_workspace(tmp_path_factory.mktemp("small"), sketches)
    compose(workspace)
    return workspace
