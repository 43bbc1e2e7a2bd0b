"""What all processes count, in the form and by the conventions of Prometheus, and what Grafana is told of it."""

import json
import re
import shutil
import subprocess

import pytest

import nats
from harness import PATIENCE, ROOT, SEAWAY, House, Wire, free_port, get, until

GRAFANA = ROOT / "docker" / "grafana"
PROMTOOL = shutil.which("promtool")
SAMPLE = re.compile(
    r'(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"'
    r'(?:,[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*")*)\})? (?P<value>[-+0-9.eE]+|[-+]Inf|NaN)'
)
UNITS = ("_seconds", "_bytes", "_total", "_info")


class Exposition:
    """The text format 0.0.4, read strictly: what is not exactly as it must be is an error."""

    def __init__(self, text: str):
        assert text.endswith("\n")
        self.kinds: dict[str, str] = {}
        self.samples: dict[str, dict[str, float]] = {}
        helped, name = None, ""
        for line in text.splitlines():
            if line.startswith("# HELP "):
                helped = line.split(" ", 3)[2]
                assert len(line.split(" ", 3)) == 4 and helped not in self.kinds, line
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name == helped and kind in ("counter", "gauge", "histogram"), line
                self.kinds[name] = kind
                self.samples[name] = {}
            else:
                found = SAMPLE.fullmatch(line)
                assert found, line
                own = found["name"]
                if self.kinds[name] == "histogram":
                    assert own in (f"{name}_bucket", f"{name}_sum", f"{name}_count"), line
                else:
                    assert own == name, line
                key = line.rpartition(" ")[0]
                assert key not in self.samples[name], line
                self.samples[name][key] = float(found["value"])
        for family, kind in self.kinds.items():
            if kind == "histogram":
                self.check_buckets(family)

    def check_buckets(self, family: str) -> None:
        rows: dict[str, list[tuple[float, float]]] = {}
        for key, value in self.samples[family].items():
            if found := re.fullmatch(rf'{family}_bucket\{{(.*?),?le="([^"]*)"\}}', key):
                rows.setdefault(found[1], []).append((float(found[2]), value))
        for labels, buckets in rows.items():
            assert buckets == sorted(buckets), family
            counts = [count for _, count in buckets]
            assert counts == sorted(counts) and buckets[-1][0] == float("inf"), family
            braced = f"{{{labels}}}" if labels else ""
            assert self.samples[family][f"{family}_count{braced}"] == counts[-1]
            assert f"{family}_sum{braced}" in self.samples[family]


def read(port: int) -> Exposition:
    answer = get(port, "/metrics")
    assert answer.status == 200 and answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    if PROMTOOL:
        checked = subprocess.run([PROMTOOL, "check", "metrics"], input=answer.body, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr.decode()
    return Exposition(answer.body.decode())


@pytest.fixture(scope="module")
def all_metrics(tmp_path_factory):
    """Those of a broker with a store, of both in one process, and of a bridge, after something was done."""
    house = House(tmp_path_factory.mktemp("metrics"))
    try:
        engine = nats.Server(house, more="max_payload: 4MB")
        broker, own, up, http, upper, bridge = (free_port() for _ in range(6))
        store = ["--store", engine.url, "--store-replicas", "1", "--durable", "kept.*"]
        house.listening(house.broker(broker, "--admin", f"127.0.0.1:{own}", *store), own)
        command = [SEAWAY, "up", "--listen", f"127.0.0.1:{up}", "--http", f"127.0.0.1:{http}"]
        house.listening(
            house.start([*command, "--metrics", f"127.0.0.1:{upper}", "--no-worker-patience", "50ms"]), upper
        )
        command = [SEAWAY, "bridge", "stdin", "--from-group", "log", "--broker", f"127.0.0.1:{up}"]
        house.listening(house.start([*command, "--admin", f"127.0.0.1:{bridge}"]), bridge)
        assert get(http, "/").status == 503
        yield {"broker": read(own), "up": read(upper), "bridge": read(bridge)}
    finally:
        house.end()


def test_every_process_says_what_it_is_and_takes(all_metrics):
    for kind, metrics in all_metrics.items():
        (info,) = metrics.samples["seaway_build_info"]
        assert f'kind="{kind}"' in info and re.search(r'version="\d+\.\d+\.\d+"', info)
        for name in ("cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "open_fds", "max_fds",
                     "start_time_seconds", "threads"):  # fmt: skip
            assert metrics.samples[f"process_{name}"][f"process_{name}"] > 0, (kind, name)
        assert metrics.samples["seaway_log_lines_dropped_total"]


def test_names_follow_the_conventions(all_metrics):
    for metrics in all_metrics.values():
        for name, kind in metrics.kinds.items():
            assert re.fullmatch(r"(seaway|process)_[a-z0-9_]+", name)
            assert name.endswith("_total") == (kind == "counter"), name
            assert "milli" not in name and not name.endswith(("_ms", "_mb", "_percent")), name
            if kind == "histogram":
                assert name.endswith(UNITS), name


def test_each_process_counts_its_own(all_metrics):
    broker, up, bridge = (all_metrics[kind].kinds for kind in ("broker", "up", "bridge"))
    own = {name for name in broker if name.startswith("seaway_broker_")}
    assert "seaway_broker_store_up" in own and "seaway_http_requests_total" not in broker
    # Only durable channels have a store.
    assert own - set(up) == {name for name in own if "_store_" in name}
    assert "seaway_http_requests_total" in up
    assert not any(name.startswith(("seaway_broker_", "seaway_http_")) for name in bridge)
    assert "seaway_bridge_sent_total" in bridge


def test_the_page_lists_what_there_is(all_metrics):
    """`docker/grafana/README.md`, for what no page of the protocol lists."""
    rows = set(re.findall(r"^\| `((?:seaway|process)_\w+)`", (GRAFANA / "README.md").read_text(), re.MULTILINE))
    pages = (ROOT / "protocol" / "INTERFACE.md").read_text() + (ROOT / "protocol" / "BRIDGES.md").read_text()
    shown = {name for metrics in all_metrics.values() for name in metrics.kinds}
    elsewhere = {name for name in shown if f"`{name}`" in pages and name not in rows}
    assert rows == shown - elsewhere


def test_time_in_queues_is_measured(house, ports):
    port = free_port()
    house.listening(house.broker(ports[0], "--metrics", f"127.0.0.1:{port}"), port)
    family = "seaway_broker_queue_duration_seconds"
    with Wire(ports[0]) as sender, Wire(ports[0]) as reader:
        assert sender.ask("SEND :- waits {}") == "OK"
        with Wire(ports[0]) as looker:
            until(lambda: looker.look("PEEK waits")["head"][0]["age"] >= 60, "it has waited for 60 ms")
        reader.listen("waits", 2)
        reader.take()
        # The second is handed out at once.
        assert sender.ask("SEND :- waits {}") == "OK"
        reader.take()
    samples = read(port).samples[family]
    assert samples[f"{family}_count"] == 2 and samples[f"{family}_sum"] >= 0.06
    assert samples[f'{family}_bucket{{le="0.05"}}'] == 1 and samples[f'{family}_bucket{{le="60.0"}}'] == 2


# ---- Grafana


def dashboard() -> dict:
    return json.loads((GRAFANA / "dashboard.json").read_text())


def expressions() -> list[str]:
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    return panels + re.findall(r"definition\": \"(.*?)\"", (GRAFANA / "dashboard.json").read_text())


def names(text: str) -> set[str]:
    return set(re.findall(r"\b(?:seaway|process)_[a-z0-9_]+", text))


def test_every_metric_of_dashboard_and_alerts_is_there(all_metrics):
    known = {name for metrics in all_metrics.values() for name in metrics.kinds}
    for metrics in all_metrics.values():
        for family, kind in metrics.kinds.items():
            if kind == "histogram":
                known |= {f"{family}_{part}" for part in ("bucket", "sum", "count")}
    used = names((GRAFANA / "rules.yaml").read_text()) | set().union(*map(names, expressions()))
    assert len(used) > 30
    assert not used - known


def test_labels_of_alerts_are_there(all_metrics):
    """A word that is misspelt would never ring."""
    text = "\n".join("\n".join(rows) for m in all_metrics.values() for rows in m.samples.values())
    for name, label, values in re.findall(r'(seaway_\w+)\{(\w+)=~?"([^"$]+)"', (GRAFANA / "rules.yaml").read_text()):
        for value in values.split("|"):
            assert re.search(rf'^{name}\{{[^}}]*{label}="{value}"', text, re.MULTILINE), (name, label, value)


def test_the_dashboard_is_one():
    board = dashboard()
    assert board["title"] == "Seaway" and board["schemaVersion"] >= 36 and board["uid"]
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    places: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        own = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not own & places, panel["title"]
        places |= own
        assert panel["title"] and (panel["type"] == "row") == (not panel.get("targets"))
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == "${datasource}"
    assert [variable["name"] for variable in board["templating"]["list"]] == ["datasource", "job", "instance"]


@pytest.mark.skipif(not PROMTOOL, reason="needs promtool, of Debian's package prometheus")
def test_promtool_takes_the_rules_and_every_expression(tmp_path):
    files = [GRAFANA / "rules.yaml", tmp_path / "panels.yaml"]
    assert PROMTOOL
    rules = []
    for number, expression in enumerate(expressions()):
        if expression.startswith("label_values"):
            continue
        for word, value in (("$__rate_interval", "5m"), ("$job", "a"), ("$instance", "b")):
            expression = expression.replace(word, value)
        rules.append({"record": f"panel:{number}", "expr": expression})
    files[1].write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    for file in files:
        checked = subprocess.run(
            [PROMTOOL, "check", "rules", file], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
