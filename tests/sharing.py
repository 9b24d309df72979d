"""Which tests share a process when several run them: what is slow to start is started once."""

from xdist.scheduler import LoadScopeScheduling

COMMANDS = {"test_cli_doctor.py", "test_cli_watch.py", "test_migrations.py", "test_settings.py"}


class OneProcessAStack(LoadScopeScheduling):
    """A file at a time, but all tests that share a stack of processes in one go."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """What has to run in one process: the faults on each database, half of the browser, commands
    that one zygote forks, a file.

    The browser's tests would be the last to end in one process: they take two, a stack in each.
    """
    file = nodeid.partition("::")[0]
    match file.split("/")[-2:]:
        case ["browser", "test_make_run.py"]:
            return "make run, which takes more than a minute"
        case ["browser", name]:
            return "browser, a to m" if name < "test_n" else "browser, n to z"
        case ["faults", _]:
            return "faults on PostgreSQL" if "postgresql" in nodeid else "faults on SQLite"
        case [*_, name] if name in COMMANDS:
            return "commands that are processes"
    return file
