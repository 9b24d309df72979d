"""The documents are true: what they name exists, and what exists is named."""

import importlib
import inspect
import os
import pkgutil
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from conftest import ROOT

import smartcontent
from smartcontent.accounts import tokens
from smartcontent.briefs.task import PASSAGE_LONGEST
from smartcontent.config import SETTINGS
from smartcontent.contents import dismissing, saved_views, sharing, voices_and_templates
from smartcontent.contents.archives import unpacking
from smartcontent.contents.archives.reading import VERSIONS_MOST
from smartcontent.contents.bulk import acts
from smartcontent.contents.series.acting import SERIES_MOST
from smartcontent.contents.tagging import TAG_LONGEST, TAGS_MOST, TAGS_OF_USER_MOST
from smartcontent.contents.versions import VERSIONS_KEPT
from smartcontent.models import history
from smartcontent.models.accounts import REVOKED_MOST
from smartcontent.scheduling import reconciler
from smartcontent.texts.by_sentence import REWRITES_MOST
from smartcontent.texts.diff import PIECES_MOST
from smartcontent.web import bodies, entry, parts, safety, turns, versions
from smartcontent.web.connections import HEAD_BYTES, HELD_BYTES
from smartcontent.web.refining import BESIDE_LONGEST, BESIDE_MOST

PACKAGE = ROOT / "smartcontent"
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md"))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_in_the_readme_with_its_default_and_meaning(setting):
    row = next(line for line in README.splitlines() if line.startswith(f"| `{setting.name}` |"))

    assert setting.meaning in row
    assert not setting.default or f"`{setting.default}`" in row


def test_readme_names_no_setting_that_does_not_exist():
    rows = re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)

    assert sorted(rows) == sorted(setting.name for setting in SETTINGS)


@pytest.mark.parametrize(
    "document", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=str
)
def test_every_link_leads_somewhere(document: Path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_anchor_is_a_heading(document: Path):
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document.read_text()):
        page = document.parent / path if path else document
        headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
        assert anchor in map(anchor_of, headings), (path, anchor)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_row_of_a_table_has_the_cells_of_its_heading(document: Path):
    """Two branches that add rows in one place may leave halves of them."""
    for table in re.findall(r"(?:^\|.*\n)+", document.read_text(), re.MULTILINE):
        heading, *rows = [re.sub(r"`[^`]*`", "", row).count("|") for row in table.splitlines()]
        assert rows == [heading] * len(rows), table.splitlines()[0]


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_flask_command_exists(app):
    command = r"(?:`flask|flask --app wsgi) ([a-z]+)(?: ([a-z][a-z-]*))?"
    for noun, verb in in_documents(command):
        assert noun in app.cli.commands
        assert not verb or verb in app.cli.commands[noun].commands


def test_every_option_of_a_flask_command_exists(app):
    for written in in_documents(r"flask(?: --app wsgi)? ([a-z][^`|#\n]*)"):
        command, words = app.cli, written.split()
        while isinstance(command, click.Group) and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        options = {name for param in command.params for name in param.opts + param.secondary_opts}
        asked = {word.partition("=")[0] for word in words if re.match("--?[a-z]", word)}
        assert asked <= options | {"--help"}, written


def test_every_curl_asks_for_what_is_there(app):
    """Those of docs/api.md, whose address is in $HOST, are run as they stand by the API's tests."""
    urls = app.url_map.bind("localhost")
    asked = 0
    for written in in_documents(r"^curl ((?:.*\\\n)*.*)"):
        if "$HOST" in written:
            continue
        words = shlex.split(written.replace("\\\n", ""), comments=True)
        (address,) = (word for word in words if "://" in word)
        method = "POST" if "-d" in words else "GET"
        method = words[words.index("-X") + 1] if "-X" in words else method
        urls.match(urlsplit(address).path, method)
        asked += 1
    assert asked >= 3


def test_every_make_target_and_script_to_run_exists():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    targets += [f"bench-{path.stem.replace('_', '-')}" for path in ROOT.glob("bench/*.py")]
    asked = set(in_documents(r"(?:^|`|=\S+ )make ([a-z-]+)(?=[ `]|$)")) - {"a"}  # "make a backup"
    scripts = set(in_documents(r"python (?:-\w )*([\w/]+\.py)"))

    assert asked > {"run", "test"}
    assert sorted(asked.difference(targets)) == []
    assert {"web.py", "worker.py"} <= scripts
    assert sorted(script for script in scripts if not (ROOT / script).exists()) == []


def in_documents(expression: str) -> list:
    """All that the expression finds in any document."""
    found = re.compile(expression, re.MULTILINE).findall
    return [each for document in DOCUMENTS for each in found(document.read_text())]


def test_settings_that_compose_fixes_are_as_many_as_the_readme_says():
    fixed = re.search(r"Fixed are (.*?);", (ROOT / "docs/docker.md").read_text(), re.DOTALL)
    names = re.findall(r"`([A-Z_]+)`", fixed[1])
    services = (ROOT / "docker-compose.yml").read_text()

    assert f"for {NUMBERS[len(names)]} that compose fixes" in README
    assert [name for name in names if f"{name}: ${{" in services or name not in services] == []


def test_every_member_of_a_class_or_a_module_is_there():
    """`Class.member` and `module.name`, in that very class or module."""
    owners = owners_by_name()
    named = [
        (document.name, owner, member)
        for document in DOCUMENTS
        for owner, member in re.findall(r"`(?:\w+\.)*(\w+)\.(\w+)(?:\(\))?`", document.read_text())
        if owner in owners and member not in ("py", "js", "parser")  # files; the library's own
    ]

    assert len(named) > 30
    assert [name for name in named if not any(has(o, name[2]) for o in owners[name[1]])] == []


def owners_by_name() -> dict[str, list]:
    """Our modules and classes, by their last name."""
    owners: dict[str, list] = {}
    for found in pkgutil.walk_packages(smartcontent.__path__, "smartcontent."):
        if found.name.startswith(("smartcontent.migrations", "smartcontent.local.__main__")):
            continue
        module = importlib.import_module(found.name)
        classes = [each for each in vars(module).values() if inspect.isclass(each)]
        for each in [module, *classes]:
            if getattr(each, "__module__", "smartcontent").startswith("smartcontent"):
                owners.setdefault(each.__name__.rpartition(".")[2], []).append(each)
    return owners


def has(owner: object, member: str) -> bool:
    is_given = inspect.isclass(owner) and f"self.{member} = " in inspect.getsource(owner)
    return is_given or hasattr(owner, member) or member in getattr(owner, "__annotations__", {})


def test_architecture_names_every_script():
    scripts = [path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("static/*.js")]

    assert len(scripts) > 10
    assert [script for script in scripts if f"| `{script}` |" not in ARCHITECTURE] == []


def test_every_module_stands_below_its_folder():
    text = (ROOT / "docs" / "architecture.md").read_text()
    folder, rows = "", text.split("## Every module")[1].split("### Every script")[0].splitlines()
    for row in filter(lambda row: row.startswith("| "), rows[4:]):
        if heading := re.match(r"\| \*\*`(.+?)/`", row):
            folder = heading[1]
        elif name := re.match(r"\| `(.+?)` \|", row):
            assert name[1].rpartition("/")[0] == folder, row
        else:
            assert row.startswith("| module |"), row


def test_architecture_names_every_module():
    modules = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py" and path.parent.name not in ("versions", "migrations")
    ]
    rows = ARCHITECTURE.split("## Every module")[1].split("### Every script")[0]
    folders = [f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")]

    assert [name for name in modules if f"\n| `{name}` |" not in rows] == []
    assert [name for name in folders if f"`{name}`" not in rows] == []


def test_every_path_in_architecture_exists():
    for path in re.findall(r"`([\w./]+\.(?:py|js|j2|html|md))`", ARCHITECTURE):
        assert any((folder / path).exists() for folder in (PACKAGE, ROOT)), path


def test_every_name_in_architecture_is_in_the_code():
    sources = [*PACKAGE.rglob("*.py"), *ROOT.glob("*.py"), *ROOT.glob("tests/*.py")]
    sources += PACKAGE.glob("static/*.js")
    words = {word for path in sources for word in re.findall(r"\w+", path.read_text())}
    names = re.findall(r"`(?:\w+\.)*(\w+)`", ARCHITECTURE)

    assert [name for name in names if name not in words] == []


def test_every_name_in_any_document_is_in_the_code():
    of_others = {"pg_relation_size", "create_all", "PR_SET_PDEATHSIG"}
    folders = [ROOT / name for name in ("smartcontent", "tests", "bench")]
    sources = [path for folder in folders for path in folder.rglob("*")]
    sources += ROOT.iterdir()
    kinds = (".py", ".js", ".html", ".j2", ".yml", ".toml", ".json")
    texts = (path.read_text() for path in sources if path.suffix in kinds)
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    names = set(in_documents(r"`(?:[\w.]+\.)?([a-z]+_[a-z_]+|[A-Z]+_[A-Z_]+)(?:\(\))?`"))

    assert len(names) > 100
    assert sorted(names - words - of_others) == []


def test_limits_are_those_of_the_code():
    told = OPERATIONS.partition("## Limits")[2]
    for sentence in (
        f"a form {entry.MOST_FIELDS} fields and no parts",
        f"(of ticked sentences {entry.FIELDS_OF['refining.accept']:,})",
        f"| {PIECES_MOST:,} pieces, a suggestion {REWRITES_MOST:,} sentences to tick;",
        f"{entry.STRANGERS_BYTES // 1024} KB of who is not signed in, what a reader says of a "
        f"shared text {entry.REVIEW_BYTES // 1024} KB;",
        f"a batch {entry.LARGEST // 1_000_000} MB and {entry.TABLES_PARTS} parts",
        f"an archive {bodies.ARCHIVE_LARGEST // 1024**2} MB;",
        f"the headers of all parts {parts.HEADERS_BYTES // 1024} KB;",
        f"its line and headers {HEAD_BYTES // 1024} KB together",
        f"a query {safety.LONGEST_QUERY // 1024} KB",
        f"| {HELD_BYTES // 1024**2} MB together, archives not counted;",
        f"| the newest {BESIDE_MOST}, of {BESIDE_LONGEST:,} characters together |",
        f"| tags | {TAGS_MOST} of a content, of {TAG_LONGEST} characters; {TAGS_OF_USER_MOST:,} of",
        f"API tokens of a user | {tokens.MOST}, and the last {REVOKED_MOST} that were revoked |",
        f"| {turns.AT_ONCE} by pages and {turns.AT_ONCE} by tokens at a time; {turns.WAITING_MOST}"
        f" more of each wait for these, {turns.WAIT_SECONDS} s at most,",
        f"| {acts.OPEN_MOST} on their way; the last {acts.KEPT_MOST} are known,",
        f"| {VERSIONS_KEPT}, those on their way included; of an archive's {VERSIONS_MOST} |",
        f"| {voices_and_templates.KEPT_MOST} of each; {saved_views.MOST} saved views;",
        f"| {sharing.OPEN_MOST} that work, for {sharing.DAYS_MOST} days at most,",
        f"the last {sharing.ENDED_MOST} that ended; {sharing.REVIEWS_MOST} answers to each",
        f"are dismissed | {dismissing.MOST} |",
        f"| the last {history.LINES_KEPT} |",
        f"{unpacking.FILES_MOST:,} files, {unpacking.UNPACKED_LONGEST // 1024**3} GB unpacked",
        f"beyond {unpacking.LIKELY_LONGEST // 1024**2} MB, fifty times what was sent;",
        f"of one content {unpacking.CONTENT_LONGEST // 1024**2} MB, of a file "
        f"{unpacking.VALUES_MOST:,} values |",
        f"edited by hand | {versions.TEXT_LONGEST:,} characters; a passage of it that is rewritten "
        f"{PASSAGE_LONGEST:,} |",
        f"| {reconciler.BATCH:,} drafts that wait;",
    ):
        assert sentence in told, sentence
    assert voices_and_templates.KEPT_MOST == SERIES_MOST


def test_every_log_line_to_grep_is_said_somewhere():
    table = OPERATIONS.partition("| line begins with |")[2].partition("\n\n")[0]
    lines = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    sources = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))

    assert len(lines) > 10
    assert [line for line in lines if line not in sources] == []


def test_every_package_we_need_has_its_reason():
    reasons = (ROOT / "docs/decisions/0001-packages.md").read_text().lower()
    needed = re.findall(r"^([\w-]+)", (ROOT / "requirements.in").read_text(), re.MULTILINE)

    assert [name for name in needed if name.lower() not in reasons] == []


def test_every_call_is_in_the_contents_of_the_api():
    text = (ROOT / "docs" / "api.md").read_text()
    contents, _, rest = text.partition("\n## ")
    headings = re.findall(r"^## (.*)$", f"## {rest}", re.MULTILINE)

    assert [head for head in headings if f"(#{anchor_of(head)})" not in contents] == []


def test_sqlite_is_saved_and_restored_as_it_is_written(tmp_path):
    (tmp_path / "instance").mkdir()
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    database = tmp_path / "instance" / "smartcontent.db"
    with closing(sqlite3.connect(database)) as link:
        link.execute("PRAGMA journal_mode=WAL")
        link.execute("CREATE TABLE texts (text)")
        run_as_written(r"^(umask 077\n\.venv/bin/python -c .*VACUUM INTO.*\\\n.*)$", tmp_path)
        assert (tmp_path / "smartcontent-backup.db").stat().st_mode & 0o777 == 0o600
        link.execute("DROP TABLE texts")

    run_as_written(r"^ +(rm -f instance/.*)$", tmp_path)
    run_as_written(r"^ +(install -m 600 .*)$", tmp_path)

    with closing(sqlite3.connect(database)) as link:
        assert link.execute("SELECT count(*) FROM texts").fetchone() == (0,)
    assert database.stat().st_mode & 0o777 == 0o600


def test_command_of_an_installation_writes_into_the_folder_it_is_called_in(tmp_path):
    (script,) = re.findall(
        r"^(#!/bin/sh\nset -a; \. /etc.*?)^```", OPERATIONS, re.MULTILINE | re.DOTALL
    )
    (tmp_path / "env").write_text(f"SMARTCONTENT_HOME={tmp_path / 'home'}\n")
    for installed, here in (
        ("/opt/smartcontent/.venv", sys.prefix),
        ("/opt/smartcontent", str(ROOT)),
        ("/etc/smartcontent/env", str(tmp_path / "env")),
    ):
        script = script.replace(installed, here)
    (tmp_path / "smartcontent").write_text(script)

    def command(*words: str) -> None:
        shell = ("sh", str(tmp_path / "smartcontent"), *words)
        subprocess.run(shell, cwd=tmp_path, check=True, input="a long password\n", text=True)

    command("db", "upgrade")
    command("users", "create", "ada@example.org", "--password-stdin")
    command("users", "export", "ada@example.org", "--output", "ada.zip")

    assert (tmp_path / "ada.zip").is_file()


def run_as_written(command: str, folder: Path) -> None:
    """Run the command of the operations' document that the expression finds."""
    (found,) = re.findall(command, OPERATIONS, re.MULTILINE)
    subprocess.run(found, shell=True, cwd=folder, check=True)


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()

    assert [path.name for path in folder.glob("0*.md") if f"({path.name})" not in listed] == []


def test_emptying_redis_works_as_it_is_written_for_a_restore(own_valkey):
    """`redis-cli -u` with a password and no name is refused, and ends without an error."""
    # Of the system, or beside our Python, where the carrier of Redis 6.2 has put one.
    path = os.pathsep.join((os.environ["PATH"], str(Path(sys.executable).parent)))
    if shutil.which("redis-cli", path=path) is None:
        pytest.skip("no redis-cli: NO TEST OF EMPTYING REDIS BY IT HAS RUN")
    own_valkey.client.set("remains", "of the first owner")
    own_valkey.client.config_set("requirepass", "CHOOSE-ANOTHER")
    command = re.findall(r"^ +(REDISCLI_AUTH=.*FLUSHDB)$", OPERATIONS, re.MULTILINE)[0]

    done = subprocess.run(
        command.replace("6379", str(own_valkey.port)),
        env={**os.environ, "PATH": path},
        shell=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == "OK"
    own_valkey.client.execute_command("AUTH", "CHOOSE-ANOTHER")
    assert own_valkey.client.dbsize() == 0
