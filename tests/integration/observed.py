"""A demo that is looked at: asked by commands, also while its processes are stopped."""

import contextlib
import os
import resource
import signal

from harness import Oklo, free_port, run_oklo, state, wait_until


@contextlib.contextmanager
def demo(*flags, address="127.0.0.1:{port}", **options):
    echo = free_port()
    with Oklo("demo", address, "--echo", f"127.0.0.1:{echo}", *flags, **options) as oklo:
        oklo.echo = echo
        wait_until(lambda: "is up" in oklo.stderr(), what="the demo to be up")
        yield oklo


def control(oklo):
    directory = "/run" if os.access("/run", os.W_OK) else os.environ.get("XDG_RUNTIME_DIR", "/run")
    return f"{directory}/oklo-{oklo.port}.sock"


def ask(oklo, *words, code=0):
    done = run_oklo(*words, "--control", control(oklo))
    assert done.returncode == code, done
    return done.stdout if code == 0 else done.stderr


@contextlib.contextmanager
def stopped(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: all(state(pid) == "T" for pid in pids), what="the processes to stop")
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def allow_many_files():
    """Raises the limit of open files as far as allowed; what it is now."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
