"""What the product depends on, and how each of it is: state, cause, remedy, since when."""

from smartcontent.health.checks import Dependency, check_all
from smartcontent.health.database import check_database
from smartcontent.health.finding import Finding, State
from smartcontent.health.ollama_server import check_ollama
from smartcontent.health.processes import check_scheduler, check_workers
from smartcontent.health.public_url import check_public_url
from smartcontent.health.redis_server import check_redis

__all__ = [
    "Dependency",
    "Finding",
    "State",
    "check_all",
    "check_database",
    "check_ollama",
    "check_public_url",
    "check_redis",
    "check_scheduler",
    "check_workers",
]
