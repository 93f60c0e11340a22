"""Exit statuses, which manifests and scripts depend on."""

from newsreel.errors import NewsreelError


def test_each_error_has_its_own_exit_status():
    statuses = {
        error.__name__: error.exit_status for error in NewsreelError.__subclasses__() if error.__module__ == "newsreel.errors"
    }
    assert statuses == {"BadInput": 2, "BadWeights": 6, "Conflict": 3, "MissingProgram": 4, "DiskFull": 5, "Unavailable": 75}
