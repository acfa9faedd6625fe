"""A model of `oklo model` that runs, for the tests of the models."""

import os
import re
import resource
import signal
import subprocess
import tempfile

from harness import (OKLO, Client, alive, descendants, free_port, listening, pids, request, run_oklo, state,
                     wait_until, _stat)

# Those of the list that are no models but oklo itself: other tests are about them.
OF_OKLO = ("base", "process")
WORKERS = 2
# How many clients have an answer while all keep their connections; of the others everybody.
SERVED_AT_ONCE = {"blocking": 1, "prefork": WORKERS, "leader-follower": WORKERS}
HAVE_CHILDREN = ("prefork", "prefork-reactor", "prefork-reactor-exclusive", "prefork-reactor-lock",
                 "prefork-reactor-reuseport", "master-hands-out", "signals")
GET = request("GET")


def listed():
    """The names that `oklo model` lists."""
    return re.findall(r"^([a-z-]+)  ", run_oklo("model").stdout, re.M)


def models():
    return [name for name in listed() if name not in OF_OKLO]


def many_files(count):
    """This process and what it starts may open so many files, as far as the hard limit lets it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def children(pid, zombies=False):
    """The pids of its children, those that are zombies or those that are not."""
    return [child for child in pids() if (fields := _stat(child)) and int(fields[1]) == pid
            and (fields[0] in "ZX") == zombies]


def ended(pid):
    """Whether all its threads have: the first may be a zombie while another still has the files."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return True
    return all(state(thread) in (None, "Z", "X") for thread in threads)


class Running:
    """A model, for a with statement; on leaving it gets SIGTERM, and nothing of it may be left."""

    def __init__(self, name, *flags, prefix=()):
        self.name, self.port = name, free_port()
        self.directory = tempfile.TemporaryDirectory(prefix="oklo-test-")
        self.output = open(os.path.join(self.directory.name, "output"), "w+")
        words = [*prefix, OKLO, "model", name, f"127.0.0.1:{self.port}", "--workers", str(WORKERS), *flags]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=self.output, cwd=self.directory.name, start_new_session=True)
        self.pid = self.process.pid

    def __enter__(self):
        try:
            wait_until(self.is_up, 30, f"{self.name} to be up")
        except BaseException:
            self.kill_all()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
        finally:
            self.kill_all()
            self.output.close()
            self.directory.cleanup()

    def is_up(self):
        if self.name == "daemon":
            if self.process.poll() is None:
                return False
            assert self.process.returncode == 0, self.said()
            self.pid = int(self.pid_file())
        else:
            assert self.process.poll() is None, self.said()
        if self.name in HAVE_CHILDREN:
            return listening(self.port) and len(children(self.pid)) == WORKERS
        return listening(self.port)

    def pid_file(self):
        with open(os.path.join(self.directory.name, "oklo-model.pid")) as file:
            return file.read()

    def said(self):
        with open(self.output.name) as file:
            return file.read()

    def all(self):
        """The pids of all its processes."""
        return [self.pid, *descendants(self.pid)]

    def client(self, timeout=10):
        return Client(self.port, timeout=timeout)

    def kill(self, number):
        os.kill(self.pid, number)

    def stop(self, number=signal.SIGTERM):
        """Nothing of it is left then, within a time that is long enough for the five seconds of `signals`."""
        before = self.all()
        if alive(self.pid):
            self.kill(number)
        wait_until(lambda: self.process.poll() is not None and not any(map(alive, before)), 15,
                   f"every process of {self.name} to end")
        # The first thread of a process may have ended before another one, which has its files, too.
        wait_until(lambda: not listening(self.port), 5, f"{self.name} to listen no more")

    def kill_all(self):
        for pid in self.all() if state(self.pid) else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
