"""A service whose control socket has a place of its own, for tests of what it has to do with its host."""

from harness import Oklo, run_oklo

ROOT = {"index.html": b"hello"}


def control(port):
    return f"/tmp/oklo-host-{port}.sock"


def command(oklo, word):
    """The exit code of a command to that service."""
    return run_oklo(word, "--control", control(oklo.port)).returncode


def serving(*flags, **options):
    return Oklo("serve", "127.0.0.1:{port}", "{root}", "--workers", "2", "--control", control("{port}"),
                *flags, root=ROOT, **options)


def text_of(path):
    with open(path) as file:
        return file.read()
