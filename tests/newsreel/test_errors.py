"""The errors: what a manifest's retries and a person's scripts go by must not change by accident."""

from newsreel.errors import NewsreelError


def test_each_error_has_an_exit_status_of_its_own():
    statuses = {
        error.__name__: error.exit_status for error in NewsreelError.__subclasses__() if error.__module__ == "newsreel.errors"
    }
    assert statuses == {"BadInput": 2, "BadWeights": 6, "Conflict": 3, "MissingProgram": 4, "DiskFull": 5, "Unavailable": 75}
