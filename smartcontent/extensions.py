"""Flask's extensions of the web process and the commands: sessions, forms, migrations."""

import os

from flask import Flask
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from smartcontent.stores.sql import db

migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Bind them to the app."""
    # SQLite changes a table by copying it: Alembic's batch mode.
    migrate.init_app(app, db, os.path.join(app.root_path, "migrations"), render_as_batch=True)
    login.init_app(app)
    csrf.init_app(app)
