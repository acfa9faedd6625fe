"""oklo lab: short runs of some models and experiments, and what is left when one is broken off."""

import contextlib
import html.parser
import json
import os
import re
import signal
import subprocess
import tempfile
import xml.etree.ElementTree

from harness import OKLO, alive, base_mode_alone, descendants, needs, timeout, title, wait_until

ONE_MODE = "the lab starts each mode itself"
SHORT = ("--seconds", "0.1")


def lab(*words, code=0):
    """Runs it in an empty directory, where it leaves nothing."""
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run([OKLO, "lab", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=100, cwd=directory)
        assert done.returncode == code, (done.returncode, done.stderr)
        assert not os.listdir(directory)
    return done


def report(*words):
    return json.loads(lab(*words, "--json").stdout)


def by_name(entries):
    return {entry["name"]: entry for entry in entries}


@contextlib.contextmanager
def running(*words):
    """A lab under way, in which a load runs, in a directory of its own: two daemons in one are refused."""
    directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    process = subprocess.Popen([OKLO, "lab", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=directory.name)
    try:
        wait_until(lambda: [pid for pid in descendants(process.pid) if title(pid) == "oklo lab: load"],
                   timeout=30, what="a load")
        yield process
    finally:
        process.kill()
        process.communicate()
        directory.cleanup()


@needs("static")  # With a sanitizer the figures are its own.
@base_mode_alone(ONE_MODE)
@timeout(120)
def test_models_under_load():
    found = report(*SHORT, "--connections", "1,20", "blocking", "epoll-level", "base", "process")
    models = by_name(found["models"])
    assert list(models) == ["blocking", "epoll-level", "base", "process"] and not found["experiments"]
    for model in models.values():
        one, twenty = model["loads"]
        assert (one["connections"], one["busy"], one["slow"], one["idle"]) == (1, 1, 0, 0)
        assert (twenty["connections"], twenty["busy"], twenty["slow"], twenty["idle"]) == (20, 2, 1, 17)
        assert one["served"] == 1 and one["errors"] == "" and one["answers"] > 0
        assert 0 < one["p50_us"] <= one["p99_us"] <= one["max_us"]
        assert one["processor_us"] > 0
        # Those of the two that are busy whom one process serves, one after the other, or all.
        assert twenty["served"] == (1 if model["name"] == "blocking" else 2), model
    assert found["workers"] == 4 and found["machine"]["processors"] >= 1 and not found["interrupted"]


@needs("static")  # With a sanitizer the figures are its own.
@base_mode_alone(ONE_MODE)
@timeout(120)
def test_what_is_measured_once():
    models = by_name(report(*SHORT, "--connections", "1", "blocking", "epoll-level", "fork-per-connection",
                            "prefork-reactor")["models"])
    assert models["blocking"]["memory_per_connection"] == {"not_taken": "it holds 1 at a time"}
    small, large = (models[name]["memory_per_connection"]["value"]
                    for name in ("epoll-level", "fork-per-connection"))
    assert 0 < small < 4096 < large, "a process is larger than an entry in a list"
    wakeups = {name: model["wakeups_per_accept"]["value"] for name, model in models.items()}
    assert wakeups["blocking"] >= 1 and wakeups["fork-per-connection"] >= 2
    calls = [model["system_calls_per_request"] for model in models.values()]
    assert all(call.get("value", 2) >= 2 for call in calls), "to receive and to send"
    seen = ["value" in call for call in calls]
    assert all(seen) or all("cannot be seen" in call["not_taken"] for call in calls)


@base_mode_alone(ONE_MODE)
@timeout(120)
def test_a_daemon_and_workers_leave_nothing_behind():
    models = by_name(report(*SHORT, "--connections", "40", "daemon", "signals", "prefork-reactor-reuseport")
                     ["models"])
    for model in models.values():
        assert model["loads"][0]["served"] == 4, model
    # What a test leaves behind, its runner finds.


@base_mode_alone(ONE_MODE)
def test_of_some_rounds_each_load_is_told_once():
    found = report(*SHORT, "--rounds", "3", "--connections", "1,10", "epoll-level", "poll")
    assert found["rounds"] == 3
    for model in found["models"]:
        assert [load["connections"] for load in model["loads"]] == [1, 10] and model["loads"][1]["answers"]
    assert "bad value" in lab("--rounds", "0", code=100).stderr


@base_mode_alone(ONE_MODE)
def test_experiments_in_text_and_json():
    found = report("zombies", "lost-edge")
    assert not found["models"]
    experiments = by_name(found["experiments"])
    assert list(experiments) == ["zombies", "lost-edge"]
    for one in experiments.values():
        assert one["verdict"] and not one["not_taken"]
        assert all(len(row["figures"]) == len(one["columns"]) for row in one["rows"])
    text = lab("zombies").stdout
    assert experiments["zombies"]["line"] in text and experiments["zombies"]["verdict"] in text


class Page(html.parser.HTMLParser):
    """Looks that what is begun is ended, and that nothing is loaded."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe"), tag
        assert not {"src", "onload", "onclick"} & {name for name, _ in attributes}
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


@base_mode_alone(ONE_MODE)
def test_picture_and_page():
    with tempfile.TemporaryDirectory() as directory:
        svg, page = os.path.join(directory, "lab.svg"), os.path.join(directory, "lab.html")
        lab(*SHORT, "--connections", "1,10", "blocking", "poll", "zombies", "--svg", svg, "--html", page)
        with open(svg, encoding="utf-8") as file:
            text = file.read()
        names = {element.text for element in xml.etree.ElementTree.fromstring(text).iter()}
        assert {"blocking", "poll"} <= names and "script" not in text
        with open(page, encoding="utf-8") as file:
            text = file.read()
        tags = Page(text).tags
        assert tags.count("table") == 1 and tags.count("article") == 1 and "circle" in tags
        assert not re.search(r"https?:|url\(|@import", text)


@base_mode_alone(ONE_MODE)
def test_a_place_that_cannot_be_written():
    done = lab(*SHORT, "--connections", "1", "blocking", "--svg", "/proc/no/picture", code=1)
    assert "cannot write /proc/no/picture" in done.stderr and "blocking" in done.stdout


@base_mode_alone(ONE_MODE)
def test_interrupted():
    for number in signal.SIGINT, signal.SIGTERM:
        with tempfile.TemporaryDirectory() as directory:
            svg = os.path.join(directory, "lab.svg")
            with running("--seconds", "50", "daemon", "--json", "--svg", svg) as process:
                mine = descendants(process.pid)
                assert len(mine) >= 4, "keepers, a model, a load"
                process.send_signal(number)
                out, error = process.communicate(timeout=20)
                assert process.returncode == 1 and error == "oklo: lab: interrupted\n", error
                assert json.loads(out)["interrupted"] and not os.path.exists(svg)
                assert not [pid for pid in mine if alive(pid)]


@base_mode_alone(ONE_MODE)
def test_killed():
    with running("--seconds", "50", "daemon") as process:
        mine = descendants(process.pid)
        process.kill()
        wait_until(lambda: not [pid for pid in mine if alive(pid)], what="all that the lab started to end")


@base_mode_alone(ONE_MODE)
def test_a_keeper_that_is_killed():
    with running("--seconds", "50", "--connections", "1", "daemon") as process:
        mine = descendants(process.pid)
        for pid in mine:
            if title(pid) == "oklo lab: keeper":
                os.kill(pid, signal.SIGKILL)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert not [pid for pid in mine if alive(pid)]


@base_mode_alone(ONE_MODE)
def test_wrong_words():
    for word, near in ("prefrok", "prefork"), ("zombie", "zombies"):
        assert f"unknown model or experiment {word}; did you mean {near}?" in lab(word, code=100).stderr
    assert "unknown model or experiment wholly-else" in lab("blocking", "wholly-else", code=100).stderr
    assert "bad value" in lab("--seconds", "0", code=100).stderr
    assert "bad value" in lab("--connections", "1,x", code=100).stderr


@base_mode_alone(ONE_MODE)
def test_the_table_of_the_manual():
    with tempfile.TemporaryDirectory() as directory:
        found, page = os.path.join(directory, "lab.json"), os.path.join(directory, "page.7")
        with open(found, "w", encoding="utf-8") as file:
            file.write(lab(*SHORT, "--connections", "100", "blocking", "epoll-level", "--json").stdout)
        with open(page, "w", encoding="utf-8") as file:
            file.write('before\n.\\" lab: begin\nold\n.\\" lab: end\nbehind\n')
        tool = os.path.join(os.path.dirname(__file__), "../../tools/lab-table")
        for _ in range(2):
            subprocess.run([tool, found, page], check=True)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        assert text.startswith("before\n") and text.endswith("behind\n") and "old" not in text
        assert text.count(".Bd") == text.count(".Ed") == 2
        assert re.search(r"^epoll-level +\d", text, re.M) and re.search(r"^blocking ", text, re.M)
