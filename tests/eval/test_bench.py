"""What the bench measures on, and that it measures the real command; no times are judged here."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path

import pytest
import requests

from eval import bench
from eval.bench_site import ITEMS, list_paths, make_pages
from eval.bench_visits import crawl, serving
from eval.corpus import generate_pool, hostile_texts
from eval.quality import OWN


def test_generated_texts_are_the_same_every_time_and_as_long_as_real_ones() -> None:
    first, second = (list(generate_pool(OWN.gold, 300)) for _ in range(2))
    assert first == second
    assert len({record["id"] for record in first}) == 300
    mean = sum(len(record["text"]) for record in first) / 300
    assert 300 < mean < 1000


def test_generated_texts_hold_the_labelled_ones() -> None:
    documents = [json.loads(line)["text"] for line in OWN.gold.read_text("utf-8").splitlines()]
    holding = [
        any(text in made["text"] for text in documents) for made in islice(generate_pool(OWN.gold), 400)
    ]
    assert 0.2 < sum(holding) / len(holding) < 0.35


def test_hostile_texts_are_as_large_as_asked() -> None:
    for name, text in hostile_texts(100_000).items():
        assert 65_000 < len(text.encode()) <= 100_000, name


def test_the_measured_command_ran_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text(bench.SHORT, "utf-8")
    usage = bench.run_check(str(path))
    assert usage.cpu_seconds > 0
    assert usage.peak_megabytes > 10


def test_a_command_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exits 2"):
        bench.run_check(str(tmp_path / "missing.txt"))


def test_the_bench_writes_its_results(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    arguments = ["--every", "2000", "--rounds", "1", "--hostile-bytes", "40000", "--pages", "0"]
    arguments += ["--json", str(path)]
    assert bench.main(arguments) == 0
    report = json.loads(path.read_text("utf-8"))
    names = [result["name"] for result in report["results"]]
    assert "scan against bare iter" in names
    assert "two processes against one" in names
    assert any(name.startswith("nested 或, 190 KB with 1") for name in names)
    assert all(result["value"] > 0 for result in report["results"])


def test_the_lists_that_visits_are_measured_on_hold_every_page_once() -> None:
    pages = make_pages(4 * ITEMS, lists=2)
    met = []
    for path in list_paths(4 * ITEMS, 2):
        reading, linked = path, []
        while reading:
            markup = pages[reading].decode("gb18030")
            linked += re.findall(r"<li><a href='../(page/\d+.html)'", markup)
            onward = re.search(r"<a href='../([^']+)'>下一页", markup)
            reading = onward[1] if onward else ""
        assert len(linked) == 2 * ITEMS
        met += linked
    assert sorted(met) == sorted(path for path in pages if path.startswith("page/"))


def test_the_yardstick_of_visits_reads_every_page_of_the_site_that_visits_are_measured_on(
    tmp_path: Path,
) -> None:
    with serving(130) as address:
        usage = crawl(tmp_path, [f"{address}/plain/list/"], 130)
        assert usage.cpu > 0
        with pytest.raises(RuntimeError, match="130"):
            crawl(tmp_path, [f"{address}/plain/list/"], 131)
        tagged = requests.get(f"{address}/tagged/page/7.html", timeout=5)
        asked = {"If-None-Match": tagged.headers["ETag"]}
        assert requests.get(tagged.url, headers=asked, timeout=5).status_code == 304
    tagged.encoding = "gb18030"
    assert "第7号" in tagged.text
