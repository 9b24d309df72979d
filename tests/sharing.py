"""Which tests share a process when several run them: what is slow to start is started once."""

from xdist.scheduler import LoadScopeScheduling


class OneProcessAStack(LoadScopeScheduling):
    """A file at a time, but all tests that share a stack of processes in one go."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """What has to run in one process: the browser's stack, the faults' on each database, a file."""
    file = nodeid.partition("::")[0]
    match file.split("/")[-2:]:
        case ["browser", _]:
            return "browser"
        case ["faults", _]:
            return "faults on PostgreSQL" if "postgresql" in nodeid else "faults on SQLite"
    return file
