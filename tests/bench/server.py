"""What the parts of the bench share: the programs, a server under measurement, a table."""

import os
import socket
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/integration"))
import harness  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
OKLO = os.environ.get("OKLO", os.path.join(BUILD, "oklo"))
TESTEE = os.path.join(os.environ.get("EXAMPLES", os.path.join(BUILD, "examples")), "testee")


def processors(servers):
    """The processors of the server, so many, and those of the client: the others, or the same where there
    are no others."""
    mine = [str(number) for number in sorted(os.sched_getaffinity(0))]
    return ",".join(mine[:servers]), ",".join(mine[servers:] or mine)


class Server:
    """A server that runs on the first processors, for a with statement."""

    def __init__(self, command, port, path="/", count=1):
        self.command, self.port, self.path, self.count = command, port, path, count

    def __enter__(self):
        self.process = subprocess.Popen(["taskset", "-c", processors(self.count)[0], *self.command],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        harness.wait_until(self._up, what=f"{self.command[0]} to serve")
        harness.get(self.port, self.path)
        return self

    def _up(self):
        if self.process.poll() is not None:
            raise SystemExit(f"{' '.join(self.command)} ended with {self.process.returncode}")
        return harness.listening(self.port)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def processes(self):
        return [self.process.pid] + harness.descendants(self.process.pid)

    def worker(self):
        return self.processes()[-1]

    def cpu_seconds(self):
        return sum(harness.cpu_seconds(pid) for pid in self.processes())

    def private_kib(self):
        return sum(harness.memory_kb(self.worker(), f"Private_{kind}") for kind in ("Clean", "Dirty"))

    def pss_kib(self):
        return sum(harness.memory_kb(pid) for pid in self.processes())


def open_idle(port, count):
    """Connections that have had an answer each."""
    request = harness.request("GET", "/")
    opened = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", port), 30)
        client.sendall(request)
        opened.append(client)
        while not client.recv(4096).endswith(b"\r\n\r\nOK"):
            pass
    return opened


class Table:
    """Rows below a head; what they say first and third is also told as they come."""

    def __init__(self, *head):
        self.rows = [head]

    def add(self, *row):
        verdict = row[-1]
        if isinstance(verdict, bool):
            verdict = "reached" if verdict else "MISSED"
        self.rows.append((*row[:-1], verdict))
        print(f"{row[0]}: {row[2]}", file=sys.stderr, flush=True)

    def show(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(len(self.rows[0]))]
        lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in self.rows]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        print("\n".join(lines))
