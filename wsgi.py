"""The web process's application; web.py starts the process."""

from smartcontent.app import create_app
from smartcontent.background import or_exit

app = or_exit(create_app)
