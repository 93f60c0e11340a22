"""Which fields of Argo's specification the runner executes, ignores and refuses: every field of Argo's types is in the table."""

import pytest
from hera.workflows import models

from workflows.local import supported_table
from workflows.local.specification import ALL_OTHERS, ApiType

TYPES = {one.api_name: one for one in ApiType.__subclasses__()}
ARGO = {name: one for name, one in TYPES.items() if hasattr(models, name.partition(" ")[0])}


def argo_fields(name: str) -> set[str]:
    return {field.alias or name for name, field in getattr(models, name.partition(" ")[0]).model_fields.items()}


def test_only_types_of_kubernetes_objects_are_not_argos() -> None:
    assert TYPES.keys() - ARGO.keys() == {"Deployment", "DeploymentSpec", "PodTemplateSpec", "PodSpec", "Service", "ServiceSpec"}
    assert not [name for name, one in ARGO.items() if one.refused == ALL_OTHERS]
    assert {"WorkflowSpec", "Template (container)", "Template (dag)", "DAGTask", "RetryStrategy", "Container"} <= ARGO.keys()


@pytest.mark.parametrize("name", ARGO)
def test_every_field_of_argos_is_in_the_table_once(name: str) -> None:
    one = TYPES[name]
    fields = [*one.executed_fields(), *one.ignored_fields(), *one.refused_fields()]
    assert sorted(fields) == sorted(argo_fields(name))


@pytest.mark.parametrize("name", TYPES)
def test_fields_are_accepted_ignored_or_refused_as_listed(name: str) -> None:
    one = TYPES[name]
    for field in one.ignored_fields():
        assert one.drop_ignored_refuse_others({field: "x"}) == {}
    for field in one.executed_fields():
        assert one.drop_ignored_refuse_others({field: "x"}) == {field: "x"}
    for field in one.refused_fields():
        with pytest.raises(ValueError, match="which the local runner does not execute"):
            one.drop_ignored_refuse_others({field: "x"})
    with pytest.raises(ValueError, match="does not execute" if one.refused == ALL_OTHERS else "which is not a field of "):
        one.drop_ignored_refuse_others({"misspelt": "x"})


def test_the_table_has_a_row_per_type_with_all_its_fields() -> None:
    head, _, *rows, kinds = supported_table().splitlines()
    assert head == "| Type | Executed | Ignored | Refused by name |"
    cells = {row.split(" | ")[0].strip("| `"): row for row in rows}
    assert cells.keys() == TYPES.keys()
    for name, one in TYPES.items():
        for field in (*one.executed_fields(), *one.ignored_fields(), *one.refused_fields()):
            assert f"`{field}`" in cells[name]
    assert "`WorkflowTemplate`" in kinds and "`NetworkPolicy`" in kinds
