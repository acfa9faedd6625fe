#!/usr/bin/env python3
"""Runs the integration tests: run.py [-j JOBS] [PATTERN]...

Most of the time they wait, so there are twice as many at a time as processors.
Each test runs in a process of its own, under a small supervisor that adopts every orphan, so that a
test that hangs or leaves a process behind is named and cleaned up.
"""

import concurrent.futures
import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import harness  # noqa: E402

SECONDS = 60
PASSED, FAILED, SKIPPED = 0, 1, 77
PR_SET_CHILD_SUBREAPER = 36


def load(path):
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def of_this_mode(test):
    return harness.mode() == "base" or not hasattr(test, "base_mode_alone")


def collect():
    """Pairs of file and function name, in order."""
    found = []
    for name in sorted(os.listdir(HERE)):
        if name.endswith("_test.py"):
            module = load(os.path.join(HERE, name))
            found += [(name, key) for key, value in vars(module).items()
                      if key.startswith("test_") and callable(value) and of_this_mode(value)]
    return found


def run_test(test, seconds):
    def on_alarm(*_):
        raise TimeoutError(f"the test took more than {seconds} s")
    signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(seconds)
    try:
        test()
        code = PASSED
    except BaseException:
        traceback.print_exc()
        code = FAILED
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def wait_for(child, seconds):
    """The wait status of the child, or None after too long a time."""
    deadline = time.monotonic() + seconds

    def ended():
        # Any child: orphans of the test are ours, too.
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return (FAILED << 8,)
            if pid == child:
                return (status,)
            if pid == 0:
                return None
    try:
        return harness.wait_until(ended, deadline - time.monotonic())[0]
    except AssertionError:
        return None


def end_leftovers():
    """Kills every process that the test left behind; their titles."""
    titles = []
    while left := harness.descendants(os.getpid()):
        for pid in left:
            titles.append(f"{pid} {harness.title(pid)}")
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, 0):
                pass
        except ChildProcessError:
            pass
    return titles


def supervise(file, name):
    """The process of one test: forks it, waits, cleans up behind it."""
    test = getattr(load(os.path.join(HERE, file)), name)
    lacking = [tool for tool in getattr(test, "needs", ()) if harness.missing(tool)]
    if lacking:
        print("needs", " ".join(lacking))
        return SKIPPED
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    seconds = getattr(test, "timeout", SECONDS)
    child = os.fork()
    if child == 0:
        run_test(test, seconds)
    # The test ends itself in time, and shows where it was; this is for one that cannot.
    status = wait_for(child, seconds + 10)
    if status is None:
        print(f"killed after {seconds + 10} s, with", *end_leftovers(), sep="\n  ")
        return FAILED
    # What was told to end may still be on its way out.
    try:
        harness.wait_until(lambda: not harness.descendants(os.getpid()), 2)
    except AssertionError:
        print("left behind:", *end_leftovers(), sep="\n  ")
        return FAILED
    if os.WIFSIGNALED(status):
        print(f"killed by signal {os.WTERMSIG(status)}")
    return PASSED if status == 0 else FAILED


def run_one(case):
    start = time.monotonic()
    done = subprocess.run([sys.executable, os.path.abspath(__file__), "--one", *case],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return case, done.returncode, done.stdout, time.monotonic() - start


def main(arguments):
    if arguments[:1] == ["--one"]:
        return supervise(*arguments[1:])
    # A shell that puts this into the background has its children ignore ^C, and theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    jobs = 2 * len(os.sched_getaffinity(0))
    if arguments[:1] == ["-j"]:
        jobs, arguments = int(arguments[1]), arguments[2:]
    cases = [case for case in collect() if not arguments or any(a in "/".join(case) for a in arguments)]
    counts = {PASSED: 0, FAILED: 0, SKIPPED: 0}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for result in concurrent.futures.as_completed([pool.submit(run_one, case) for case in cases]):
            (file, name), code, output, seconds = result.result()
            code = code if code in counts else FAILED
            counts[code] += 1
            word = {PASSED: "ok", FAILED: "FAIL", SKIPPED: "SKIPPED"}[code]
            print(f"{word} {file[:-3]}/{name} ({seconds:.1f} s)")
            if code != PASSED:
                print("    " + output.rstrip().replace("\n", "\n    "))
            sys.stdout.flush()
    print(f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped")
    return 1 if counts[FAILED] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
