"""The web process: gunicorn -c gunicorn.conf.py wsgi:app"""

from smartcontent import create_app

app = create_app()
