"""What Argo shows of a story's progress is hundredths of the whole."""

import pytest

from newsreel.config.settings import Settings
from workflows.profiles import PROFILES
from workflows.story import story_template
from workflows.training import training_template


@pytest.mark.parametrize("template", [story_template, training_template])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_progress_weights_of_a_good_workflow_add_up_to_100(template, profile):
    leaves = [one for one in template(profile, Settings()).to_dict()["spec"]["templates"] if "container" in one]
    annotated = {one["name"]: one["metadata"]["annotations"].get("workflows.argoproj.io/progress") for one in leaves}
    assert {name for name, share in annotated.items() if share is None} == {"triage", "refuse"}
    assert sum(int(share.removeprefix("0/")) for share in annotated.values() if share) == 100


def test_a_steps_share_is_the_one_its_pod_is_annotated_with():
    for profile in PROFILES.values():
        for leaf in story_template(profile, Settings()).to_dict()["spec"]["templates"]:
            variables = {one["name"]: one["value"] for one in leaf.get("container", {}).get("env", [])}
            if share := variables.get("NEWSREEL_SHARE"):
                assert leaf["metadata"]["annotations"]["workflows.argoproj.io/progress"] == f"0/{share}"
