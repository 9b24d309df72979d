# One image, three processes: python web.py (the default), python worker.py, python scheduler.py.
FROM python:3.12.14-slim-trixie

# `container` is what tells a process that it is in one: 127.0.0.1 is not the machine then.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    container=docker \
    FLASK_APP=wsgi \
    SMARTCONTENT_HOME=/var/lib/smartcontent \
    SMARTCONTENT_BIND=0.0.0.0 \
    HEARTBEAT_FILE=/tmp/heartbeat

# A number as USER below, not a name, lets Kubernetes prove that it is not root.
RUN useradd --uid 10001 --no-create-home --home-dir "$SMARTCONTENT_HOME" smartcontent \
    && install --directory --owner 10001 --group smartcontent --mode 700 "$SMARTCONTENT_HOME"

WORKDIR /app
COPY requirements.txt ./
# A package that would need a compiler fails the build; crontab is pure Python without a wheel.
RUN pip install --no-cache-dir --only-binary :all: --no-binary crontab \
    --root-user-action ignore --require-hashes -r requirements.txt

COPY gunicorn.conf.py web.py wsgi.py worker.py scheduler.py ./
COPY smartcontent smartcontent
# The tree belongs to root and is read-only for the processes, so its byte code is made here. A
# checkout made under umask 077 brought files along that only root could read.
RUN chmod -R a+rX . && python -m compileall -q .

USER 10001
EXPOSE 8000
# http.client and not urllib, which would ask the proxy of an HTTP_PROXY variable; the port without the
# blanks and quotes that the product takes off, too.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, sys, http.client as http; \
port = os.environ.get('PORT', '').strip(' \\r\"' + chr(39)) or 8000; \
connection = http.HTTPConnection('127.0.0.1', int(port), timeout=4); \
connection.request('GET', '/healthz'); \
sys.exit(connection.getresponse().status != 200)"]
CMD ["python", "web.py"]
