"""How gunicorn serves the web process: gevent, since an open page costs a greenlet, not a thread.

The package is not imported here: gevent has to patch sockets before any driver is.
WEB_CONCURRENCY (web processes) is read by gunicorn itself.
"""

import os

bind = f"{os.environ.get('SMARTCONTENT_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gevent"
worker_connections = 2000
graceful_timeout = 2
keepalive = 75  # longer than a proxy keeps idle connections
control_socket_disable = True
loglevel = "info"
