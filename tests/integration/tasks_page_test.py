"""The slow jobs of the demo: their streams, and the page that shows them."""

import contextlib
import json
import os
import re
import signal

from browser import Browser
from demo_test import PALE, demo, status
from harness import Client, alive, http, kept, needs, request, timeout, title, wait_until

LIVE = "document.getElementById('link').textContent === 'Live.'"
NOTE = "document.getElementById('note').textContent"


def start(oklo, fate="well", seconds=1, **fields):
    answer = http(oklo.port, request("POST", f"/tasks/{fate}/{seconds}", **fields))[0]
    return answer.status, json.loads(answer.body) if answer.status in (202, 503) else None


def begin(oklo, fate="well", seconds=1):
    code, answer = start(oklo, fate, seconds)
    assert code == 202, (code, answer)
    return answer["id"]


class Stream:
    """A stream of events, and the jobs as it tells of them."""

    def __init__(self, oklo):
        self.client = Client(oklo.port, timeout=20)
        self.client.send(request("GET", "/tasks/events", accept="text/event-stream"))
        head = self.client.read_until(b"\r\n\r\n")
        assert b"text/event-stream" in head, head
        self.seen = {}  # all that each job was, in order
        self.about = None
        name, self.about = self.next()
        assert name == "all"
        self._take(self.about["jobs"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def _take(self, jobs):
        for job in jobs:
            self.seen.setdefault(job["id"], []).append(job)

    def next(self):
        fields = {}
        while "data" not in fields:
            chunk = self.client.read_until(b"\n\n\r\n").split(b"\r\n", 1)[1]
            lines = chunk.decode().strip().split("\n")
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        return fields["event"], json.loads(fields["data"])

    def until(self, job, **wanted):
        """Reads until that job is so; what it was on the way."""
        while not any(one.items() >= wanted.items() for one in self.seen.get(job, ())):
            name, jobs = self.next()
            assert name == "jobs"
            self._take(jobs)
        return self.seen[job]


def task_workers(oklo):
    return [pid for pid in kept(oklo.pid) if title(pid).startswith("oklo: task worker")]


# ---- without a browser

def test_a_job_tells_how_far_it_is_to_all_who_listen():
    with demo("--workers", 2) as oklo, Stream(oklo) as one, Stream(oklo) as other:
        assert (one.about["workers"], one.about["taskWorkers"], one.about["max"]) == (2, 2, 8)
        job = begin(oklo, seconds=2)
        for stream in one, other:
            told = stream.until(job, state="done")
            percents = [each["percent"] for each in told if each["state"] != "waits"]
            assert any(0 < percent < 100 for percent in percents), told
            assert percents == sorted(percents) and percents[-1] == 100, told
            assert told[-1]["looked"] > 0 < told[-1]["best"] and told[-1]["attempt"] == 1
        with Stream(oklo) as late:
            assert late.seen[job][-1] == told[-1]


def test_a_job_whose_process_crashes_is_run_again_or_has_failed():
    with demo("--workers", 1) as oklo, Stream(oklo) as stream:
        again, never = begin(oklo, "crash-once"), begin(oklo, "crash")
        assert stream.until(again, state="done")[-1]["attempt"] == 2
        last = stream.until(never, state="failed")[-1]
        assert last["attempt"] == 1 and last["why"] == "its task worker died"
        assert status(oklo)["tasks"]["retried"] == 1 == status(oklo)["tasks"]["died"]


def test_a_job_whose_task_worker_is_killed_is_run_again():
    with demo("--workers", 1) as oklo, Stream(oklo) as stream:
        job = begin(oklo)
        stream.until(job, state="runs")
        running, = [one["pid"] for one in status(oklo)["task_workers"] if one["running"]]
        os.kill(running, signal.SIGKILL)
        assert stream.until(job, state="done")[-1]["attempt"] == 2


def test_too_many_jobs_are_refused_and_what_is_no_job_is_not_found():
    with demo("--workers", 2) as oklo, Stream(oklo) as stream:
        jobs = [begin(oklo, seconds=10) for _ in range(8)]
        assert start(oklo) == (503, {"why": "full"})
        stream.until(jobs[-1], state="waits")
        assert len(stream.seen) == 8  # What was refused is not shown.
        for path in "well/0", "well/11", "well/x", "ill/1":
            assert http(oklo.port, request("POST", f"/tasks/{path}"))[0].status == 404, path
        assert http(oklo.port, request("GET", "/tasks/well/1"))[0].status == 405
        oklo.kill(signal.SIGTERM)
        oklo.wait_for_stderr("stopping within")
        oklo.kill(signal.SIGTERM)  # It waits for no job.


def test_a_page_of_another_site_starts_nothing():
    with demo("--workers", 1) as oklo:
        for site in "cross-site", "same-site":
            assert start(oklo, sec_fetch_site=site)[0] == 403
        assert status(oklo)["tasks"]["accepted"] == 0
        assert start(oklo, sec_fetch_site="same-origin")[0] == 202


@timeout(40)
def test_a_job_that_nobody_can_tell_of_any_more_has_failed():
    with demo("--workers", 1) as oklo:
        job, asked = begin(oklo, "crash", 2), oklo.workers()[0]
        os.kill(asked, signal.SIGKILL)
        wait_until(lambda: oklo.workers() not in ([], [asked]))
        with Stream(oklo) as stream:
            last = stream.until(job, state="failed")[-1]
            assert last["percent"] >= 50 and last["why"] == "nothing was heard of it"
        wait_until(lambda: status(oklo)["tasks"]["died"] == 1)


@timeout(40)
def test_a_reload_ends_the_streams_and_no_job():
    with demo("--workers", 1) as oklo, Stream(oklo) as stream:
        job = begin(oklo, seconds=2)
        stream.until(job, state="runs")
        old = task_workers(oklo)
        oklo.kill(signal.SIGUSR1)
        with contextlib.suppress(EOFError):
            while stream.next():
                pass
        assert stream.client.buffer == b"0\r\n\r\n", stream.client.buffer
        with Stream(oklo) as new:
            assert new.about["generation"] == 2
            assert new.until(job, state="done")[-1]["attempt"] == 1
        wait_until(lambda: not [pid for pid in old if alive(pid)])


# ---- with a browser

@contextlib.contextmanager
def tasks_page(oklo, **options):
    with Browser() as browser:
        page = browser.page(oklo.url + "/tasks", **options)
        page.wait_for(LIVE)
        yield page


def state_of(job):
    return f"document.querySelector('#job{job} .state')?.textContent"


def choose(page, fate, seconds):
    for name, value in ("fate", fate), ("seconds", seconds):
        page.evaluate(f"document.getElementById('{name}').value = '{value}'")
    page.click("#start button")


@needs("chromium-headless-shell")
@timeout(40)
def test_the_page_starts_jobs_and_shows_how_they_go():
    with demo("--workers", 2) as oklo, tasks_page(oklo, width=390, scheme="dark") as page:
        choose(page, "crash-once", 2)
        page.wait_for("document.querySelector('#job1 progress')?.value > 0")
        choose(page, "crash", 2)
        page.wait_for(f"{state_of(1)}?.startsWith('runs for the second time in task worker')")
        page.wait_for(f"{state_of(1)} === 'is done, run for the second time'")
        page.wait_for(f"{state_of(2)} === 'has failed: its task worker died'")
        assert page.evaluate("document.querySelector('#job1 .found').textContent").startswith("Of ")
        assert page.evaluate("[...document.querySelectorAll('#jobs li')].map((one) => one.id).join()") == (
            "job2,job1")
        assert page.evaluate(PALE) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.errors() == []


@needs("chromium-headless-shell")
def test_the_status_page_tells_of_tasks():
    with demo("--workers", 1) as oklo, Browser() as browser:
        page = browser.page(oklo.url + "/status", width=390)
        page.wait_for("document.getElementById('tasks').textContent.startsWith('2 task workers; 0 waiting')")
        begin(oklo, "crash-once")
        page.wait_for("document.getElementById('events').textContent.includes('Task worker')")
        page.wait_for("document.getElementById('tasks').textContent.endsWith("
                      "'0 running, 1 done, 0 failed, 1 run again')")
        assert page.evaluate("document.getElementById('restarts').textContent") == "0"
        assert page.errors() == []


@needs("chromium-headless-shell")
@timeout(60)
def test_the_page_leaves_a_worker_that_is_stopped():
    with demo("--workers", 2) as oklo, tasks_page(oklo) as page:
        text = page.evaluate("document.getElementById('facts').textContent")
        number = int(re.search(r"From worker (\d+)", text)[1])
        stopped = next(pid for pid in oklo.workers() if title(pid) == f"oklo: worker {number}")
        os.kill(stopped, signal.SIGSTOP)
        page.wait_for(f"document.getElementById('facts').textContent.includes('From worker {3 - number} ')",
                      timeout=30)
        # What it asks over a connection that the stopped one still has is not answered.
        while choose(page, "well", 2) or page.wait_for(f"{state_of(1)} || {NOTE}") == "No answer; try again.":
            pass
        page.wait_for(f"{LIVE} && {state_of(1)} === 'is done'")
        os.kill(stopped, signal.SIGCONT)


@needs("chromium-headless-shell")
@timeout(40)
def test_the_page_tells_that_the_queue_is_full_and_goes_on_after_a_reload_and_a_kill():
    with demo("--workers", 1) as oklo, tasks_page(oklo) as page:
        for _ in range(8):
            begin(oklo, seconds=2)
        choose(page, "well", 2)
        page.wait_for(f"{NOTE}.startsWith('The queue is full')")
        page.wait_for(f"{NOTE} === ''")
        oklo.kill(signal.SIGUSR1)
        page.wait_for(f"{LIVE} && document.getElementById('facts').textContent.includes('generation 2')")
        worker = wait_until(lambda: [one["pid"] for one in status(oklo)["workers"] if one["generation"] == 2])
        os.kill(worker[0], signal.SIGKILL)
        page.wait_for("document.querySelectorAll('#jobs .done').length === 8 && " + LIVE, timeout=20)
        wrong = [text for text in page.errors() if "503" not in text and "ERR_" not in text]
        assert wrong == [], wrong
