"""As whom the processes run and what they see, what a dead service left, and scripts that start one."""

import contextlib
import os
import re
import shutil
import signal
import subprocess

from harness import OKLO, Oklo, descendants, files, free_port, get, needs, run_oklo, wait_until
from hosted import command, control, serving, text_of


# ---- rights

def ids(pid):
    """uid, gid and the other groups of a process."""
    with open(f"/proc/{pid}/status") as file:
        status = file.read()
    uid, gid = (re.search(rf"^{name}:\s+(\d+)\s", status, re.M)[1] for name in ("Uid", "Gid"))
    others = re.search(r"^Groups:(.*)$", status, re.M)[1].split()
    return int(uid), int(gid), sorted(int(one) for one in others)


def in_group_file(user):
    with open("/etc/group") as file:
        lines = [line.rstrip("\n").split(":") for line in file]
    return [int(line[2]) for line in lines if len(line) > 3 and user in line[3].split(",")]


@needs("root")
def test_the_group_of_the_workers():
    rows = ((["--user", "daemon"], (1, 1)), (["--user", "daemon", "--group", "adm"], (1, 4)),
            (["--user", "123", "--group", "456"], (123, 456)), (["--group", "4"], (65534, 4)))
    for flags, (uid, gid) in rows:
        with serving(*flags) as oklo:
            others = in_group_file("daemon") if "daemon" in flags else []
            for pid in oklo.owners() + oklo.workers():
                assert ids(pid) == (uid, gid, sorted({gid, *others})), (flags, ids(pid))


@needs("root", "unshare")
def test_groups_are_those_of_the_file():
    groups = "daemon:x:1:\nlogs:x:70:other,daemon\ncerts:x:71:daemon\n"
    with files({"group": groups.encode()}) as place:
        script = 'mount --bind "$G" /etc/group && exec "$0" "$@"'
        prefix = ["unshare", "--mount", "sh", "-c", script]
        with serving("--user", "daemon", prefix=prefix, env={"G": os.path.join(place, "group")}) as oklo:
            assert ids(oklo.workers()[0]) == (1, 1, [1, 70, 71])


def test_a_group_that_is_not_there_or_not_allowed():
    unprivileged = os.getuid() != 0
    done = run_oklo("serve", "127.0.0.1:0", "/usr/share", "--group", "no-such-group")
    hint = "only root can become group" if unprivileged else 'no group "no-such-group" in /etc/group'
    assert done.returncode == 100 and hint in done.stderr, done


@needs("root", "busybox", "static")
def test_a_chroot_with_busybox_only():
    with files({"www/index.html": b"jailed", "etc/passwd": b""}) as jail:
        shutil.copy(shutil.which("busybox"), jail)
        log = os.path.join(os.path.dirname(jail), f"oklo-chroot-{os.getpid()}.log")
        with contextlib.ExitStack() as cleanup:
            for name in log, log + ".1":
                cleanup.callback(lambda name=name: os.path.exists(name) and os.unlink(name))
            with Oklo("serve", "127.0.0.1:{port}", "/www", "--chroot", jail, "--workers", "2", "--control",
                      control("{port}"), "--access-log", log) as oklo:
                assert get(oklo.port).body == b"jailed"
                assert os.readlink(f"/proc/{oklo.pid}/root") == "/"
                inside = descendants(oklo.pid)
                assert len(inside) >= 2
                for pid in inside:
                    assert os.readlink(f"/proc/{pid}/root") == jail
                    assert os.readlink(f"/proc/{pid}/cwd") == jail
                with open(os.path.join(jail, "www/new.html"), "w") as file:
                    file.write("new")
                assert command(oklo, "reload") == 0
                assert get(oklo.port, "/new.html").body == b"new"
                os.kill(oklo.workers()[0], signal.SIGKILL)
                assert get(oklo.port).body == b"jailed"
                os.rename(log, log + ".1")
                assert command(oklo, "reopen") == 0
                assert get(oklo.port).body == b"jailed"
                wait_until(lambda: os.path.getsize(log) > 0, what="a line in the new log, outside")
                os.rename(os.path.join(jail, "www"), os.path.join(jail, "gone"))
                assert command(oklo, "reload") == 1
                os.rename(os.path.join(jail, "gone"), os.path.join(jail, "www"))
                assert command(oklo, "reload") == 0


@needs("root", "busybox", "static")
def test_a_root_with_nothing_but_itself_and_busybox():
    with files({"www/index.html": b"jailed"}) as root:
        for program in OKLO, shutil.which("busybox"):
            shutil.copy(program, root)

        def inside(*words):
            return subprocess.run(["chroot", root, *words], capture_output=True, text=True, timeout=20)
        with Oklo("serve", "127.0.0.1:{port}", "/www", "--workers", "2", "--control", "/control",
                  "--pid-file", "/pid", program="/oklo", prefix=["chroot", root]) as oklo:
            oklo.wait_for_stderr("serving")

            def fetch(name=""):
                url = f"http://127.0.0.1:{oklo.port}/{name}"
                return inside("/busybox", "wget", "-q", "-O", "-", url).stdout

            assert fetch() == "jailed"
            status = inside("/oklo", "status", "--control", "/control")
            assert status.returncode == 0 and status.stdout.count(" ready ") >= 2, status
            with open(os.path.join(root, "www/new.html"), "w") as file:
                file.write("new")
            assert inside("/oklo", "reload", "--control", "/control").stdout.startswith("generation 2")
            assert fetch("new.html") == "new"
            os.kill(oklo.workers()[0], signal.SIGKILL)
            assert fetch() == "jailed"
            assert inside("/busybox", "sh", "-c", "kill -HUP $(/busybox cat /pid)").returncode == 0
            oklo.wait_for_stderr("generation 3 is ready")
            assert inside("/oklo", "stop", "--control", "/control").returncode == 0
            assert oklo.process.wait(10) == 0
        assert sorted(os.listdir(root)) == ["busybox", "oklo", "www"]


@needs("root")
def test_a_chroot_that_cannot_be_entered():
    done = run_oklo("serve", "127.0.0.1:0", "/www", "--chroot", "/no/such/place")
    assert done.returncode == 100 and "cannot change the root to /no/such/place" in done.stderr, done
    done = run_oklo("serve", "127.0.0.1:0", "/no-such-directory", "--chroot", "/usr")
    assert done.returncode == 100 and "cannot open the directory /no-such-directory" in done.stderr, done


@contextlib.contextmanager
def read_only(run):
    """A service whose root is read-only, but for what the words of the shell in `run` make writable."""
    with files({"www/index.html": b"hello"}) as root:
        script = (f'mount --bind / "$M" && mount -o remount,ro,bind "$M" && {run} && '
                  'exec chroot "$M" "$0" "$@"')
        mount = os.path.join(root, "mount")
        os.mkdir(mount)
        prefix = ["unshare", "--mount", "sh", "-c", script]
        with Oklo("serve", "127.0.0.1:{port}", os.path.join(root, "www"), "--workers", "2", prefix=prefix,
                  env={"M": mount, "XDG_RUNTIME_DIR": ""}) as oklo:
            assert get(oklo.port).body == b"hello"
            os.kill(oklo.workers()[0], signal.SIGKILL)
            assert get(oklo.port).body == b"hello"
            yield oklo


@needs("root", "unshare", "static")
def test_a_root_that_is_read_only():
    with read_only("true") as oklo:
        oklo.kill(signal.SIGHUP)
        oklo.wait_for_stderr("reloaded: generation 2 is ready")
        assert oklo.stderr().count("no control socket") == 1


@needs("root", "unshare", "static")
def test_a_root_that_is_read_only_but_for_run():
    with read_only('mount -t tmpfs none "$M/run"') as oklo:
        place = f"/proc/{oklo.pid}/root/run"
        asked = ["--control", f"{place}/oklo-{oklo.port}.sock"]
        assert run_oklo("health", *asked).returncode == 0
        assert run_oklo("reload", *asked).stdout.startswith("generation 2")
        assert f"127.0.0.1:{oklo.port}" in run_oklo("status", *asked).stdout
        assert os.listdir(place) == [f"oklo-{oklo.port}.sock"]
        assert run_oklo("stop", *asked).returncode == 0
        assert oklo.process.wait(10) == 0 and "no control socket" not in oklo.stderr()


def test_few_open_files_cap_the_connections_and_that_is_told():
    prefix = ["sh", "-c", 'ulimit -n 256 && exec "$0" "$@"']
    with serving(prefix=prefix) as oklo:
        assert get(oklo.port).body == b"hello"
        oklo.wait_for_stderr("capped by the limit of open files, 256: each (worker|thread) takes ")


# ---- what a dead service left, and a living one

def test_what_a_living_service_holds_is_not_taken():
    with files({}) as place:
        pid_file = os.path.join(place, "pid")
        with serving("--pid-file", pid_file) as oklo:
            other = ["serve", "127.0.0.1:0", "/usr/share"]
            refused = run_oklo(*other, "--pid-file", pid_file)
            assert refused.returncode == 111 and str(oklo.pid) in refused.stderr, refused
            os.kill(oklo.pid, signal.SIGSTOP)
            refused = run_oklo(*other, "--control", control(oklo.port))
            os.kill(oklo.pid, signal.SIGCONT)
            assert refused.returncode == 111 and "Address already in use" in refused.stderr, refused
            wait_until(lambda: command(oklo, "health") == 0)


def test_a_file_that_is_no_pid_file_is_left_alone():
    with files({"precious": b"data\n"}) as place:
        precious = os.path.join(place, "precious")
        refused = run_oklo("serve", "127.0.0.1:0", "/usr/share", "--pid-file", precious)
        assert refused.returncode == 100 and "holds something else than a pid" in refused.stderr, refused
        assert text_of(precious) == "data\n"


# ---- what starts a service: systemd, OpenRC, procd

ODD = ["serve", "127.0.0.1:8080", "/srv/my www", "--user", "$it's \"100%\" \\ odd;"]


def script(kind, *words):
    made = run_oklo("init-script", kind, *(["--", *words] if words else []))
    assert made.returncode == 0 and made.stderr == "", made
    return made.stdout


@needs("systemd-analyze")
def test_systemd_takes_the_unit():
    for words in [], ["serve", ":80", "/usr/share", "--workers", "2"], ODD:
        with files({"oklo.service": script("systemd", *words).encode()}) as place:
            unit = os.path.join(place, "oklo.service")
            checked = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True,
                                     text=True)
            assert checked.returncode == 0, checked
            assert "oklo.service" not in checked.stderr, checked


def shell(text, *args):
    """What a shell script prints, as a list: each value ends with a zero byte."""
    done = subprocess.run(["sh", "-c", text, *args], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done
    return done.stdout.split("\0")[:-1]


def test_shells_read_the_scripts_and_the_words_are_what_they_were():
    for words in ["serve", ":80", "/usr/share"], ODD:
        with files({kind: script(kind, *words).encode() for kind in ("openrc", "procd")}) as place:
            for kind in "openrc", "procd":
                for sh in ["sh"], ["busybox", "sh"]:
                    if shutil.which(sh[0]):
                        assert subprocess.run([*sh, "-n", os.path.join(place, kind)]).returncode == 0
            got = shell('. "$0/openrc"; eval "printf \'%s\\0\' \\"\\$command\\" $command_args"', place)
            assert got == [OKLO, *words], got
            got = shell('procd_set_param() { [ "$1" != command ] || { shift; printf "%s\\0" "$@"; }; }; '
                        'procd_open_instance() { :; }; procd_close_instance() { :; }; '
                        '. "$0/procd"; start_service', place)
            assert got == [OKLO, *words], got


def test_the_unit_starts_the_service():
    port = free_port()
    with files({"index.html": b"hello"}) as root:
        unit = script("systemd", "serve", f"127.0.0.1:{port}", root, "--control", "off")
        command = re.search("^ExecStart=(.*)$", unit, re.M)[1].split()
        with Oklo(*command[1:], program=command[0], port=port):
            assert get(port).body == b"hello"


def test_words_of_a_service_that_are_wrong():
    for words, hint in ((["systemd", "--", "stop"], "stop starts no service"),
                        (["systemd", "--", "serve", "--nonsense"], "unknown flag --nonsense"),
                        (["systemd", "--", "serve", "-d"], "leave out -d"),
                        (["systemd", "--", "serve", "/a\nb"], "control character"),
                        (["sysv"], "knows systemd, openrc and procd"),
                        ([], "wants systemd, openrc or procd")):
        done = run_oklo("init-script", *words)
        assert done.returncode == 100 and hint in done.stderr and not done.stdout, done
    made = run_oklo("init-script", "procd", "--", "serve", "./www", cwd="/usr")
    assert "serve /usr/./www\n" in made.stdout, made
