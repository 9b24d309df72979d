"""A request's body: read in full, within its limits, and never while the database waits for it."""

from flask import request
from gevent import GreenletExit
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    LengthRequired,
    RequestEntityTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)

from smartcontent.stores.sql import db
from smartcontent.web import limiter, turns
from smartcontent.web.connections import Connection

# Who may send the archive of an account. It goes to disk as it comes: it may be larger than what
# many requests at once may have in memory.
FOR_ARCHIVES = {"archives.take_in", "api_archives.take_in"}
ARCHIVE_LARGEST = 64 * 1024**2
# Each may hold gigabytes, and counts for nothing of what one may ask for.
ARCHIVES = limiter.Limit("archives", most=20, seconds=3600)
TOO_MANY_ARCHIVES = "You have sent as many archives as one may within an hour: wait a while."


def read_body() -> None:
    """Read the request's body, which is kept for whoever asks for it afterwards.

    Raises:
        RequestEntityTooLarge: it is larger than we take; where its length is announced, unread.
        RequestTimeout: it did not come within REQUEST_SECONDS.
        ClientDisconnected, or GreenletExit beneath gunicorn: its sender has gone.
        BadRequest: its chunks are malformed, or the headers of its parts are too long.
        TooManyRequests: it would be an archive, of which the user has sent too many lately.
    """
    db.session.commit()  # a slow sender must not hold the database's lock, nor others' turns
    with turns.given_back():
        _read_in_time()


def _read_in_time() -> None:
    connection = request.environ.get("gunicorn.socket")
    if not isinstance(connection, Connection):  # of another server than ours
        _read()
        return
    connection.is_kept = request.endpoint not in FOR_ARCHIVES
    try:
        _read()
    except BadRequest as error:
        if connection.is_late:
            raise RequestTimeout from error
        if not isinstance(error, ClientDisconnected):
            raise
    else:
        connection.has_read()
        return
    raise GreenletExit  # nobody reads an answer: gunicorn ends without one


def _read() -> None:
    try:
        if request.endpoint in FOR_ARCHIVES:
            _read_into_file()
            return
        body = request.get_data()
    except ParseException as error:
        raise BadRequest from error
    # Werkzeug takes what came before a connection ended for all of it, and cuts a body of
    # unannounced length at the limit: both without a word.
    if request.content_length is None and len(body) == request.max_content_length:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise ClientDisconnected


def _read_into_file() -> None:
    if request.content_length is None:
        raise LengthRequired
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    limiter.check(ARCHIVES, TOO_MANY_ARCHIVES, turns.asker())
    assert request.files is not None  # looked for, the form is read
