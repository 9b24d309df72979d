"""The secret that makes itself: one, whoever makes it first."""

import threading

import pytest

from smartcontent.config import from_environment
from smartcontent.config.home import at_home


@pytest.mark.parametrize("round_", range(20))
def test_processes_of_one_number_that_make_the_secret_at_once_agree_on_one(tmp_path, round_):
    """As containers on one volume: each has the process id 7, and threads have the same, too."""
    starting = threading.Barrier(8)
    made: list[str] = []

    def start() -> None:
        starting.wait()
        settings = from_environment({"SMARTCONTENT_HOME": str(tmp_path)})
        made.append(at_home(settings)["SECRET_KEY"])

    processes = [threading.Thread(target=start) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert len(made) == 8
    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
