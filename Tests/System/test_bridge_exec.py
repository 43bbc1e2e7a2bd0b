"""`seaway bridge exec`: any script as a worker."""

import subprocess
import sys

import pytest

from bridges import bridge, says, send, summary, taking
from harness import PATIENCE, SEAWAY, get, until

ECHO = "import json, sys; print(json.dumps({'got': json.loads(sys.stdin.readline())['n']}))"


def python(code: str) -> list[str]:
    return ["--", sys.executable, "-c", code]


def test_each_message_is_answered_in_order(house, ports):
    house.broker(ports[0])
    with taking(ports[0], "reply!1") as taker:
        send(ports[0], "jobs", *({"n": n, "reply_channel": "reply!1"} for n in range(30)))
        program = bridge(house, "exec", ports[0], "--from-channel", "jobs", *python(ECHO))
        assert taker.wait(30) == [{"got": n} for n in range(30)]
    assert program.terminate() == 0
    assert "handed-on=30" in summary(program.output())


def test_a_script_answers_a_browser(house, ports):
    broker_port, http_port = ports
    house.broker(broker_port)
    house.server(http_port, broker_port)
    code = (
        "import json, sys; m = json.load(sys.stdin); print(json.dumps({'status': 200, 'content': m['path'] + '\\n'}))"
    )
    bridge(house, "exec", broker_port, "--from-channel", "http.request", "--concurrency", "2", *python(code))
    answer = get(http_port, "/moon")
    assert (answer.status, answer.body) == (200, b"/moon\n")


def test_the_lines_of_one_program_come_in_order_and_elsewhere_if_asked_for(house, ports):
    house.broker(ports[0])
    code = 'import os\nfor n in range(1000): print(\'{"n":%d,"at":"%s"}\' % (n, os.environ[\'SEAWAY_CHANNEL\']))'
    with taking(ports[0], "results") as taker:
        bridge(house, "exec", ports[0], "--from-channel", "jobs", "--to-channel", "results", *python(code))
        send(ports[0], "jobs", {"n": 1})
        assert taker.wait(1_000) == [{"n": n, "at": "jobs"} for n in range(1_000)]


@pytest.mark.parametrize(
    "code, options, told",
    [
        ("import sys; sys.stderr.write('no such user'); sys.exit(3)", [], ["exit code 3", "no such user"]),
        ("import time; time.sleep(60)", ["--time-limit", "300ms"], ["took too long"]),
        ("while True: print('{\"n\":1}' + ' ' * 1000)", ["--max-output", "100K"], ["wrote too much"]),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", [], ["killed by signal 9"]),
    ],
)
def test_a_program_that_fails_is_told_and_the_next_goes_on(house, ports, code, options, told):
    broker_port, http_port = ports
    house.broker(broker_port)
    house.server(http_port, broker_port)
    script = f"import json, sys\nm = json.load(sys.stdin)\nif m['path'] == '/bad':\n  exec({code!r})\n"
    script += "else: print(json.dumps({'status': 200, 'content': 'fine'}))"
    program = bridge(house, "exec", broker_port, "--from-channel", "http.request", *options, *python(script))
    if "wrote too much" not in told:
        assert get(http_port, "/bad").status == 500
    else:
        assert get(http_port, "/bad").status in (500, 502)
    assert get(http_port, "/good").body == b"fine"
    says(program, *told)
    assert program.terminate() == 0
    assert "dropped-failed=1" in summary(program.output())


def test_a_program_that_is_not_there_is_told(house, ports):
    house.broker(ports[0])
    program = bridge(house, "exec", ports[0], "--from-channel", "jobs", "--", "/no/such/program")
    send(ports[0], "jobs", {"n": 1})
    says(program, "a program failed", "/no/such/program")


def test_at_most_so_many_programs_run_at_once(house, ports, tmp_path):
    house.broker(ports[0])
    code = f"""
import json, os, sys, time
number = json.load(sys.stdin)["n"]
open(os.path.join({str(tmp_path)!r}, f"begun{{number}}"), "w").close()
while not os.path.exists(os.path.join({str(tmp_path)!r}, "go")): time.sleep(0.01)
print(json.dumps({{"n": number}}))
"""
    with taking(ports[0], "results") as taker:
        options = ["--from-channel", "jobs", "--to-channel", "results", "--concurrency", "3"]
        bridge(house, "exec", ports[0], *options, *python(code))
        send(ports[0], "jobs", *({"n": n} for n in range(6)))
        until(lambda: len(list(tmp_path.glob("begun*"))) == 3, "three programs run")
        (tmp_path / "go").touch()
        assert sorted(message["n"] for message in taker.wait(6)) == list(range(6))


def test_told_to_leave_it_lets_the_program_finish(house, ports, tmp_path):
    house.broker(ports[0])
    code = f"""
import os, time
open(os.path.join({str(tmp_path)!r}, "begun"), "w").close()
while not os.path.exists(os.path.join({str(tmp_path)!r}, "go")): time.sleep(0.01)
print('{{"n":1}}')
"""
    with taking(ports[0], "results") as taker:
        program = bridge(house, "exec", ports[0], "--from-channel", "jobs", "--to-channel", "results", *python(code))
        send(ports[0], "jobs", {"n": 1}, {"n": 2})
        until((tmp_path / "begun").exists, "the program runs")
        program.process.terminate()
        until(lambda: not house.readers(ports[0], "jobs"), "it takes no more")
        (tmp_path / "go").touch()
        assert program.process.wait(PATIENCE) == 0
        assert taker.wait(1) == [{"n": 1}]


@pytest.mark.parametrize(
    "options, told",
    [
        (["--", "true"], "--from-channel"),
        (["--from-channel", "jobs"], "behind --"),
        (["--from-channel", "jobs", "--concurrency", "0", "--", "true"], "1 to"),
    ],
)
def test_a_bad_option_is_named(options, told):
    done = subprocess.run([SEAWAY, "bridge", "exec", *options], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64
    assert told in done.stderr
