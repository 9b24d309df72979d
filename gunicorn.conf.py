"""How gunicorn serves the web process: gevent, and an open page costs not even a greenlet.

Of the product nothing but its settings and how a line of its log is written is imported here:
gevent has to patch sockets before any driver is. WEB_CONCURRENCY (web processes) is read by
gunicorn itself; web.py looks at it before.
"""

import contextlib
import gc
import logging
import os
import resource
import ssl
import sys

import gevent
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base_async import AsyncWorker
from gunicorn.workers.ggevent import GeventWorker

from smartcontent.config import ConfigurationError, from_environment
from smartcontent.log_lines import Printable

try:
    settings = from_environment()
except ConfigurationError as error:
    print(error, file=sys.stderr)  # noqa: T201
    sys.exit(2)

# A process that ends so while it begins (the home folder cannot be used) would end so again.
Arbiter.WORKER_BOOT_ERROR = 2

host, port = settings["SMARTCONTENT_BIND"], settings["PORT"]
bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
# Whom to believe is TRUSTED_PROXIES' to say; gunicorn would believe everybody on this machine.
forwarded_allow_ips = ""
secure_scheme_headers = {}
forwarder_headers = ""
worker_connections = 10000  # never reached: CONNECTIONS_PER_PROCESS makes room before
graceful_timeout = 2
keepalive = 75  # longer than a proxy keeps idle connections
control_socket_disable = True
loglevel = "info"

FILES = 65536
# In which a thread beside the loop gives Python's lock back to it: five of the usual time are felt
# in each answer, which takes the lock several times.
LOCK_SECONDS = 0.001


class WithHeaders:
    """A client's socket, with more headers in the one answer that is sent to it."""

    def __init__(self, client, headers):
        self._client = client
        self._headers = "".join(f"\r\n{name}: {value}" for name, value in headers.items()).encode()

    def __getattr__(self, name):
        return getattr(self._client, name)

    def sendall(self, data):
        """Send an answer, head and body in one."""
        head, end, body = data.partition(b"\r\n\r\n")
        self._client.sendall(head + self._headers + end + body)


class PrintableLogger(Logger):
    """gunicorn's, which has addresses of requests in its lines, and what others sent as one."""

    def setup(self, cfg):
        """Begin, or begin anew when gunicorn is told to read its configuration again."""
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(Printable(handler.formatter or logging.Formatter()))


class StreamWorker(GeventWorker):
    """gunicorn's gevent worker, with limits on waiting, and streams that have their connection."""

    def handle(self, listener, client, addr):
        """Serve a connection, which may not keep us waiting for ever."""
        if not isinstance(client, ssl.SSLSocket):
            client = self.wsgi.extensions["connections"].admit(client, addr)
        super().handle(listener, client, addr)

    def handle_request(self, listener_name, req, sock, addr):
        """Serve a request whose head has come."""
        connections = self.wsgi.extensions["connections"]
        if not isinstance(sock, ssl.SSLSocket) and not connections.begin(sock, req):
            raise StopIteration  # which has gunicorn close its end
        try:
            AsyncWorker.handle_request(self, listener_name, req, sock, addr)
        except (gevent.GreenletExit, SystemExit) as gone:
            # Flask keeps it in a frame that it leads to: a ring of all that belongs to the request.
            gone.__traceback__ = None

    def handle_error(self, req, client, addr, exc):
        """Answer what is no request; as safely for a browser as any other answer."""
        headers = self.wsgi.extensions["safety_headers"]
        super().handle_error(req, WithHeaders(client, headers), addr, exc)

    def is_already_handled(self, answer):
        """Hand over a connection that is asked for; StopIteration has gunicorn close its end."""
        if hasattr(answer, "hand_over"):
            answer.hand_over()
            raise StopIteration
        return super().is_already_handled(answer)

    def handle_exit(self, sig, frame):
        """End the streams at once when told to stop; gunicorn would wait for the pages instead."""
        super().handle_exit(sig, frame)
        if hasattr(self, "wsgi"):  # else it is still being loaded
            # Not in the signal handler, which must not wait.
            gevent.spawn(self.wsgi.extensions["streams"].end)


logger_class = PrintableLogger
worker_class = StreamWorker


def post_worker_init(worker):
    """Spare the collector what was loaded for good: to look through it takes a tenth of a second,
    in which no stream moves."""
    # The app takes a path with and without it, gunicorn would refuse one without: a health check.
    os.environ.pop("SCRIPT_NAME", None)
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(LOCK_SECONDS)


# An open page is an open file, and many systems give a process 1,024 unless it asks for more.
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
with contextlib.suppress(ValueError):  # macOS allows less than it says
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, FILES), most))
