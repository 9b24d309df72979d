"""A real nginx with a sample of docs/operations.md, in front of a test's web process."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import requests
from click.testing import Result
from conftest import free_port, wait_until
from flask import current_app
from patience import PATIENCE
from processes import Browser

DOCUMENT = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
SAMPLE, SUB_PATH = re.findall(r"```nginx\n(.*?)```", DOCUMENT, re.DOTALL)
# Debian keeps it where only root's PATH looks.
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NO_NGINX = "NO TEST OF THE NGINX SAMPLE HAS RUN: install nginx, then run the tests again"

FRAME = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    {temporary}
    {sample}
}}
"""
CURVE = "ec_paramgen_curve:prime256v1"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx:
    """The sample with the ports, the certificate and the read timeout of a test."""

    def __init__(
        self,
        folder: Path,
        web_port: int,
        read_timeout: int = 60,
        sample: str = SAMPLE,
        path: str = "",
    ) -> None:
        self._port = free_port()
        self.url = f"https://localhost:{self._port}{path}"
        self._folder = folder
        self._certify()
        self._configure(sample, web_port, read_timeout)
        command = [NGINX, "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
        with (folder / "nginx.log").open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log)
        try:
            wait_until(self._answers)
        except BaseException:
            self.stop()
            raise

    def _certify(self) -> None:
        files = ("-keyout", "privkey.pem", "-out", "fullchain.pem")
        name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            CURVE,
            "-nodes",
            *files,
            *name,
        ]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)

    def _configure(self, sample: str, web_port: int, read_timeout: int) -> None:
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self._port} ssl http2;",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{web_port};",
            "/etc/letsencrypt/live/texts.example.org": str(self._folder),
            "proxy_read_timeout 60s;": f"proxy_read_timeout {read_timeout}s;",
        }.items():
            assert old in sample
            sample = sample.replace(old, new)
        paths = "\n".join(f"{kind}_temp_path {self._folder}/{kind};" for kind in TEMPORARY)
        (self._folder / "nginx.conf").write_text(FRAME.format(temporary=paths, sample=sample))

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "nginx.log").read_text()
        try:
            return self.browser().session.get(f"{self.url}/healthz", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False

    def browser(self) -> Browser:
        """A browser that trusts the certificate and says which page it was on."""
        browser = Browser(self.url)
        browser.session.trust_env = False  # or a bundle of the machine's would be trusted instead
        browser.session.verify = str(self._folder / "fullchain.pem")
        browser.session.headers["Referer"] = f"{self.url}/"
        return browser

    def doctor(self, flask: Callable[..., Result]) -> dict:
        """What flask doctor finds at the public address."""
        current_app.config["REQUESTS_CA_BUNDLE"] = str(self._folder / "fullchain.pem")
        result = flask("doctor", "--json", "--url", self.url, env={"NO_PROXY": "localhost"})
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return json.loads(result.stdout)[-1]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
