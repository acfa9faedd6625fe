"""The example tasks (tests/examples/tasks.cc) and what is asked of it, for tests."""

import contextlib
import json
import os
import shutil
import signal
import tempfile

from harness import EXAMPLES, Client, Oklo, files, kept, request, run_oklo, title, wait_until


@contextlib.contextmanager
def tasks(*words, **options):
    with files({}) as place:
        control = os.path.join(place, "control")
        os.chmod(place, 0o755)
        with Oklo("127.0.0.1:{port}", f"control={control}", *words, program=os.path.join(EXAMPLES, "tasks"),
                  **options) as server:
            server.control = control
            wait_until(lambda: run_oklo("health", "--control", control).returncode == 0)
            yield server


def status(server):
    return json.loads(run_oklo("status", "--json", "--control", server.control).stdout)


def counts(server):
    return status(server)["tasks"]


def command(server, name):
    done = run_oklo(name, "--control", server.control, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout


def task_workers(server):
    return [pid for pid in kept(server.pid) if title(pid).startswith("oklo: task worker")]


def post(client, target, body=b""):
    client.send(request("POST", target, body if isinstance(body, bytes) else body.encode()))
    return client.response()


def run(server, kind, body=b"", timeout=30):
    """Runs one task: the status and what came."""
    with Client(server.port, timeout=timeout) as client:
        answer = post(client, f"/run/{kind}", body)
        return answer.status, answer.body.decode().rstrip("\n")


def begin(client, target, body):
    client.send(request("POST", target, body.encode()))


class Gate:
    """A FIFO that a task of the kind hold waits for."""

    def __enter__(self):
        self.place = tempfile.mkdtemp()
        os.chmod(self.place, 0o755)
        self.path = os.path.join(self.place, "gate")
        os.mkfifo(self.path)
        os.chmod(self.path, 0o666)
        return self

    def open(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    def __exit__(self, *_):
        shutil.rmtree(self.place)


@contextlib.contextmanager
def both_workers(server):
    """A client at each of the two workers."""
    with contextlib.ExitStack() as stack:
        found = {}
        while len(found) < 2:
            client = stack.enter_context(Client(server.port))
            found.setdefault(many_of(client)["process"], client)
        yield list(found.values())


def many_of(client):
    """How the many tasks stand that were begun in that client's worker, by name."""
    words = client.get("/many").body.decode().split()
    return {words[i]: int(words[i + 1]) for i in range(0, len(words), 2)}


def many(server):
    with Client(server.port) as client:
        return many_of(client)


def begin_many(server, kind, count):
    with Client(server.port) as client:
        return int(post(client, f"/many/{kind}/{count}").body)


def end_task(server):
    """Kills the task worker that runs a task."""
    pids = wait_until(lambda: [one["pid"] for one in status(server)["task_workers"] if one["running"]])
    os.kill(pids[0], signal.SIGKILL)


def ended(state):
    return sum(state[name] for name in ("done", "failed", "died", "stopped", "timed_out"))
