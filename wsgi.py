"""The web process: gunicorn -c gunicorn.conf.py wsgi:app"""

from smartcontent import process_app

app = process_app()
