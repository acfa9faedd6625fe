"""How long it takes to be told of a service with 10,000 idle connections while all but its master is stopped.

From the start of a command to its end, with all that it prints; the median of the runs in base mode and in
process mode.
"""

import os
import statistics
import subprocess
import tempfile
import time

import harness
from observed import allow_many_files, stopped
from server import OKLO, Server, open_idle

CONNECTIONS = 10_000
COMMANDS = ("status", "connections", "metrics")
RUNS = 10
MS_MAX = 100


def command_ms(command, control):
    begin = time.perf_counter()
    subprocess.run([OKLO, command, "--control", control], stdout=subprocess.PIPE, check=True)
    return (time.perf_counter() - begin) * 1e3


def samples(mode, count, directory):
    """Milliseconds of each run, by command."""
    port, control = harness.free_port(), os.path.join(directory, mode)
    command = ["env", f"OKLO_MODE={mode}", OKLO, "serve", f"127.0.0.1:{port}", directory, "--workers", "2",
               "--control", control]
    with Server(command, port, count=2) as server:
        opened = open_idle(port, count)
        with stopped(harness.descendants(server.process.pid)):
            times = {name: [command_ms(name, control) for _ in range(RUNS)] for name in COMMANDS}
        for client in opened:
            client.close()
    return times


def add_rows(table):
    count = min(CONNECTIONS, allow_many_files() - 200)
    with tempfile.TemporaryDirectory(prefix="oklo-bench-") as directory:
        os.chmod(directory, 0o755)
        with open(os.path.join(directory, "index.html"), "w") as file:
            file.write("OK")
        base, process = (samples(mode, count, directory) for mode in ("base", "process"))
    for name in COMMANDS:
        middle = [statistics.median(times[name]) for times in (base, process)]
        table.add(f"{name}, {count:,} connections, all stopped", f"≤ {MS_MAX} ms",
                  f"{middle[0]:.0f} ms, process mode {middle[1]:.0f} ms", "", max(middle) <= MS_MAX)
