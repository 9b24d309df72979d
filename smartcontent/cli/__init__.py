"""The flask commands, one module a noun: `flask --app wsgi NOUN VERB`."""

from flask import Flask

from smartcontent.cli.archives import users
from smartcontent.cli.bulk import contents
from smartcontent.cli.doctor import doctor
from smartcontent.cli.queue import queue
from smartcontent.cli.tags import tags
from smartcontent.cli.tokens import tokens


def init_app(app: Flask) -> None:
    for command in (users, tokens, contents, tags, queue, doctor):
        app.cli.add_command(command)
