"""The errors: what a manifest's retries and a person's scripts go by must not change by accident."""

from steps import errors


def test_each_error_has_an_exit_status_of_its_own():
    statuses = {name: getattr(errors, name).exit_status for name in errors.__all__ if name != "NewsreelError"}
    assert statuses == {"BadInput": 2, "BadWeights": 6, "Conflict": 3, "MissingProgram": 4, "NoRoom": 5, "Unavailable": 75}


def test_every_error_is_one_that_a_boundary_catches():
    assert all(issubclass(getattr(errors, name), errors.NewsreelError) for name in errors.__all__)
