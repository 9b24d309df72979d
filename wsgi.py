"""The web process's application; web.py starts the process."""

from smartcontent import process_app

app = process_app()
