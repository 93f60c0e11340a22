"""What gcloud, terraform and kubectl say when they fail, and what a person is told of it."""

import pytest

from cluster.gke.programs import Programs
from newsreel.errors import BadInput, MissingProgram, Unavailable


@pytest.mark.parametrize(
    ("errors", "status", "told"),
    [
        ("ERROR: Reauthentication failed. cannot prompt during non-interactive execution.\n", BadInput, "gcloud auth login"),
        ("│ \x1b[31mError: \x1b[0mcould not find default credentials\n╵\n", BadInput, "application-default login"),
        ("│ Error: Error waiting for creating GKE cluster: Quota 'CPUS' exceeded. Limit: 24\n", BadInput, "ask for more"),
        ("│ Error: googleapi: Error 403: Insufficient regional quota to satisfy request\n", BadInput, "ask for more"),
        ('error: context "gke_p_l_newsreel" does not exist\n', BadInput, "get-credentials"),
        ("│ Error 403: BILLING_DISABLED\n", BadInput, "no billing account"),
        ("│ Error 403: Compute Engine API has not been used in project 1\n", Unavailable, "some minutes"),
        ("Error: Error acquiring the state lock\n  ID: 17\n", Unavailable, "force-unlock"),
        ("│ Error: ZONE_RESOURCE_POOL_EXHAUSTED\n", Unavailable, "another zone in cluster/newsreel.yaml"),
        ("│ Error: dial tcp: lookup x: no such host\n", Unavailable, "does not answer"),
        ('Error from server (Forbidden): pods is forbidden: User "a" cannot list\n', BadInput, "may not do that"),
        ("exec: executable gke-gcloud-auth-plugin not found\n", MissingProgram, "gke-gcloud-auth-plugin is not installed"),
        ("│ Error: something nobody has thought of\n╵\n", Unavailable, "something nobody has thought of"),
        ("", Unavailable, "no word"),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_do(programs, errors, status, told):
    programs.answer("terraform apply", errors=errors, status=1)
    for call in (Programs().read, Programs().do):
        with pytest.raises(status) as refused:
            call("terraform", "apply")
        assert told in str(refused.value) and "\n" not in str(refused.value) and "\x1b" not in str(refused.value)


def test_what_it_says_while_it_works_is_passed_on(programs, capfd):
    programs.answer("terraform apply", "made\n", "a warning\n")
    Programs().do("terraform", "apply")
    said = capfd.readouterr()
    assert "$ terraform apply\n" in said.out and "made\n" in said.out and said.err == "a warning\n"


def test_invalid_json_output_is_one_line_and_none_is_none(programs):
    programs.answer("gcloud list", "<html>\nbusy</html>\n")
    with pytest.raises(Unavailable, match=r"^gcloud list: answers no JSON \(<html> busy</html>\)$"):
        Programs().read_json("gcloud", "list")
    programs.answer("gcloud list", "\n")
    assert Programs().read_json("gcloud", "list") is None


def test_what_must_not_be_seen_is_no_argument(programs):
    Programs().give("secret", "kubectl", "apply", "--filename", "-")
    assert programs.given("kubectl apply") == "secret" and "secret" not in programs.calls[0]


def test_a_dry_run_reads_and_does_nothing_else(programs, capsys):
    programs.answer("gcloud list", "there\n")
    dry = Programs(dry_run=True)
    assert dry.read("gcloud", "list") == "there\n"
    dry.do("terraform", "apply")
    dry.give("secret", "kubectl", "apply", "-")
    assert programs.calls == ["gcloud list"] and "secret" not in capsys.readouterr().out
