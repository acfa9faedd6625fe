"""A program that reads a configuration of its own: what becomes of it when the next one is not well, and of
its tasks."""

import contextlib
import json
import os
import tempfile

from harness import EXAMPLES, Client, Oklo, get, request, run_oklo, wait_until


class Program:
    def __init__(self, oklo, path):
        self.oklo, self.path = oklo, path

    def write(self, **values):
        write(self.path, values)

    def reload(self):
        return run_oklo("reload", "--control", self.path + ".sock", timeout=30)

    def status(self):
        return json.loads(run_oklo("status", "--json", "--control", self.path + ".sock").stdout)


def write(path, values):
    with open(path, "w") as file:
        file.writelines(f"{name} {value}\n" for name, value in values.items())


@contextlib.contextmanager
def program(**values):
    with tempfile.TemporaryDirectory(prefix="oklo-test-") as directory:
        path = os.path.join(directory, "values")
        write(path, values)
        renewed = os.path.join(EXAMPLES, "renewed")
        with Oklo("127.0.0.1:{port}", path, path + ".sock", program=renewed) as oklo:
            yield Program(oklo, path)


def test_the_next_one_serves():
    with program(text="one") as made:
        made.write(text="two", workers=3)
        assert made.reload().returncode == 0
        assert get(made.oklo.port).body == b"two"
        assert len(made.status()["workers"]) == 3
        assert made.oklo.stderr().count("a server is up") == 2


def test_why_it_can_not_be_read_is_told():
    with program(text="one") as made:
        made.write(bad="unreadable")
        done = made.reload()
        assert (done.returncode, done.stderr) == (1, "oklo: reload failed: unreadable\n"), done
        made.oklo.wait_for_stderr("reload failed, the old workers go on: unreadable")
        assert get(made.oklo.port).body == b"one"


def test_one_that_is_ready_and_dies_never_takes_over():
    with program(text="one", workers=2) as made, Client(made.oklo.port) as client:
        client.get("/")
        before = made.oklo.workers()
        for _ in range(3):
            made.write(text="two", workers=2, die=0)
            done = made.reload()
            assert done.returncode == 1 and ("died" in done.stderr or "exited with 3" in done.stderr), done
            wait_until(lambda: made.oklo.workers() == before, what="the new workers to be gone")
            assert client.get("/").body == get(made.oklo.port).body == b"one"
        status = made.status()
        assert (status["generation"], status["reloads"], status["reloads_failed"]) == (1, 0, 3), status
        made.write(text="three")
        assert made.reload().returncode == 0
        assert get(made.oklo.port).body == b"three"


def test_tasks_of_the_old_one_are_done():
    with program(text="one") as made:
        clients = [Client(made.oklo.port) for _ in range(20)]
        for client in clients:
            client.send(request("GET", "/slow"))
        wait_until(lambda: made.status()["tasks"]["accepted"] == 20, what="all to be asked for")
        made.write(text="two", tasks=2)
        assert made.reload().returncode == 0
        assert [client.response().body for client in clients] == [b"done"] * 20
        tasks = wait_until(lambda: made.status()["tasks"]["done"] == 20 and made.status()["tasks"])
        assert (tasks["accepted"], tasks["lost"], tasks["stopped"]) == (20, 0, 0), tasks
        assert get(made.oklo.port, "/slow").body == b"done"


def test_tasks_that_are_not_done_in_time_are_told():
    """The one that runs when the time is over dies with its task worker, or is done just before."""
    with program(text="one", timeout=500) as made:
        clients = [Client(made.oklo.port) for _ in range(150)]
        for client in clients:
            client.send(request("GET", "/slow"))
        wait_until(lambda: made.status()["tasks"]["accepted"] == 150, what="all to be asked for")
        made.write(text="two")
        assert made.reload().returncode == 0
        wait_until(lambda: len(made.oklo.workers()) == 1, what="the old worker to leave")
        ends = "done", "stopped", "died"
        tasks = wait_until(lambda: sum(made.status()["tasks"][end] for end in ends) == 150
                           and made.status()["tasks"])
        assert tasks["lost"] == 0 and tasks["stopped"] > 0 and tasks["died"] <= 1, tasks
