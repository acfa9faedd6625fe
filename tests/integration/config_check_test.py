"""The configuration file: oklo check judges it, and help knows what it may say."""

import contextlib
import os
import re
import socket
import subprocess

from configured import check, example, faults, place
from harness import ROOT, run_oklo


def test_ten_faults_are_named_in_one_run():
    text = """workers two
mod process
user roott
listen http 127.0.0.1:8080 {
    idle_time 10
    route / { files nowhere; ping 1s }
    route x { status }
}
listen tcp 127.0.0.1:8080 { echo }
listen udp :99999 { echo }
workers 3
listen http :1 { route / { text "a } }
"""
    with place({"oklo.conf": text.encode()}) as path:
        done = check(path)
        assert faults(done) == [
            "oklo.conf:1:9: workers takes auto or a number from 1 to 1024",
            "oklo.conf:2:1: unknown directive mod; did you mean mode?",
            'oklo.conf:3:6: no user "roott" in /etc/passwd; did you mean root?',
            "oklo.conf:5:15: idle_time takes a time from 1ms to 1d, as 500ms, 10s, 5m, 1h or 1d",
            f"oklo.conf:6:21: cannot open the directory {path}/nowhere: No such file or directory",
            "oklo.conf:6:30: ping goes with room or echo, not with files",
            "oklo.conf:7:11: a pattern begins with a slash, and *name is its last part",
            "oklo.conf:9:12: this address is taken at oklo.conf:4:13",
            'oklo.conf:10:12: bad address ":99999": the port is not a number from 0 to 65535; write PORT, '
            ":PORT, IPV4:PORT, [IPV6]:PORT, localhost:PORT or unix:/PATH",
            "oklo.conf:11:1: workers was said before, at oklo.conf:1:1",
            "oklo.conf:12:33: this quote is not closed on its line"]
        assert "    workers two\n            ^\n" in done.stderr
        started = run_oklo("start", "-c", os.path.join(path, "oklo.conf"))
        assert started.returncode == 100 and started.stderr.count("\n") == done.stderr.count("\n")


def test_what_the_host_lacks_is_told_where_it_is_named():
    text = b"""group no-such-group
chroot jail
error_log none/errors
access_log syslog:/no/socket
listen http :8080 { route / { files www } }
"""
    with place({"oklo.conf": text}) as path:
        assert faults(check(path)) == [
            'oklo.conf:1:7: no group "no-such-group" in /etc/group',
            f"oklo.conf:2:8: cannot open the directory {path}/jail: No such file or directory",
            f"oklo.conf:3:11: cannot open the directory {path}/none/: No such file or directory",
            "oklo.conf:4:12: cannot reach the syslog daemon at /no/socket: No such file or directory"]
        os.mkdir(os.path.join(path, "jail"))
        none = "No such file or directory"
        assert f"oklo.conf:5:37: cannot open the directory /www in {path}/jail: {none}" in faults(check(path))


def examples_of_the_manual():
    """Those of oklo.conf(5) that are whole, as they are written there."""
    with open(os.path.join(ROOT, "man/oklo.conf.5")) as file:
        page = file.read()
    blocks = re.findall(r"^\.Bd -literal\n(.*?)^\.Ed$", page[:page.index(".Sh SYNTAX")], re.M | re.S)
    return [block.replace("\\e", "\\") for block in blocks]


def test_the_examples_of_the_manual_are_right():
    examples = examples_of_the_manual()
    assert len(examples) == 2
    there = "srv/www/x", "srv/jail/www/x", "srv/jail/staff/x", "var/log/oklo/x", "run/x"
    with place({name: b"" for name in there}) as path:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log:
            log.bind(os.path.join(path, "run/log.sock"))
            for text in examples:
                example(path, re.sub(r"(?<=[ :])/(?=(srv|var|run)/)", path + "/", text))
                done = check(path)
                assert (done.returncode, done.stderr) == (0, ""), done
                assert re.fullmatch(r"oklo.conf is right: [23] listeners\n", done.stdout), done


def test_without_a_file():
    with place({}) as path:
        done = run_oklo("check", cwd=path)
        if not os.path.exists("/etc/oklo.conf"):
            assert done.returncode == 100, done
            assert "there is neither /etc/oklo.conf nor ./oklo.conf; name a file with -c\n" in done.stderr
        assert run_oklo("check", "-c", "nowhere", cwd=path).stderr == (
            "cannot open nowhere: No such file or directory\n")


def test_help_and_completion_know_the_directives():
    names = set(re.findall(r"^     ([a-z_]+)", run_oklo("help", "conf").stdout, re.M))
    assert {"listen", "route", "workers", "files", "slow_receiver"} <= names
    for name in names:
        assert name in run_oklo("help", "conf", name).stdout
    script = run_oklo("completion", "bash").stdout
    for words, completed in (("help conf slow", "slow_receiver"), ("help conf address_e", "address_except"),
                             ("init-script pr", "procd"), ("start --p", "--pid-file")):
        count = len(words.split())
        asked = f"COMP_WORDS=(oklo {words}); COMP_CWORD={count}; _oklo; echo ${{COMPREPLY[@]}}"
        done = subprocess.run(["bash", "-c", script + asked], capture_output=True, text=True, timeout=10)
        assert (done.stdout, done.stderr) == (completed + "\n", ""), (words, done)
