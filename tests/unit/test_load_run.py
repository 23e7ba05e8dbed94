"""A run: what is told to the model, to exporters, to kwok and to the record, whatever the clock does."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from penstock.spec import check
from sandbox.errors import SandboxError
from sandbox.load.observed import Observation, Pods
from sandbox.load.record import Recorder, Timeline, read_timeline, timeline
from sandbox.load.run import Run, Usage
from sandbox.load.scenario import Scenario
from sandbox.load.signals import Board
from tests.support.emulated import Clock


class Script:
    """Sees so many ready pods, from so many seconds on; at some times nothing."""

    def __init__(self, ready: Mapping[float, int], unseen: tuple[float, float] = (0, 0)) -> None:
        self.ready, self.unseen, self.asked = ready, unseen, 0

    def observe(self, at: float) -> Observation:
        self.asked += 1
        if self.unseen[0] <= at < self.unseen[1]:
            raise SandboxError("The API server does not answer.")
        count = [pods for begin, pods in self.ready.items() if begin <= at][-1]
        names = frozenset(f"web-{number}" for number in range(count))
        pods = Pods(names, desired=count, cpu_request=0.5, memory_request=2**30)
        return Observation({"web": pods}, nodes=count, nodes_asked=count)


def scenario(**said: Any) -> Scenario:
    service = {"selector": {"app": "web"}, "profile": [[0, 20], [30, 20], [30, 0]]}
    return check(Scenario, {"services": {"web": service}, "seconds": 40, **said})


def played(source: Script, clock: Clock | None = None, **said: Any) -> Timeline:
    asked, clock = scenario(**said), clock or Clock()
    return Run(asked, source, Board(), Recorder(asked)).play(clock, clock.sleep)


def test_every_second_is_recorded_and_no_request_is_lost() -> None:
    found = played(Script({0: 4}))
    assert [second.at for second in found.seconds] == [pytest.approx(at) for at in range(1, 41)]
    last = found.seconds[-1].services["web"]
    assert last.arrived == last.served + last.failed + last.waiting + last.in_service
    assert (last.ready, last.desired, found.seconds[-1].nodes) == (4, 4, 4)
    assert found.latencies["web"].count == last.served + last.failed


def test_a_late_process_sees_the_same_requests() -> None:
    prompt = played(Script({0: 4}))
    late = played(Script({0: 4}), Clock(late=1.7))
    assert [second.services["web"].arrived for second in late.seconds] == [
        second.services["web"].arrived for second in prompt.seconds
    ]
    assert [second.at for second in late.seconds] == [second.at for second in prompt.seconds]


def test_ticks_that_do_not_divide_the_time_end_it_all_the_same() -> None:
    assert played(Script({0: 4}), tick_seconds=0.3, seconds=2).seconds[-1].at == pytest.approx(1.2)


def test_replicas_are_taken_over_when_they_are_seen() -> None:
    found = played(Script({0: 0, 10: 4}), arrivals="exact")
    waiting = [second.services["web"].waiting for second in found.seconds]
    assert waiting[8] == 180
    assert waiting[-1] == 0


def test_while_nothing_is_seen_the_load_goes_on_with_the_pods_seen_last(capsys: pytest.CaptureFixture[str]) -> None:
    found = played(Script({0: 4, 10: 0}, unseen=(5, 25)))
    blind = [second.at for second in found.seconds if second.blind]
    assert (min(blind), max(blind)) == (pytest.approx(6, abs=1), pytest.approx(24, abs=1))
    assert found.seconds[23].services["web"].served > found.seconds[10].services["web"].served
    assert capsys.readouterr().err.count("The load goes on with the pods that were seen last.") == 1


def test_what_pods_use_follows_how_busy_they_are() -> None:
    told: list[Usage] = []
    asked, clock = scenario(arrivals="exact"), Clock()
    source = Script({0: 4})
    Run(asked, source, Board(), Recorder(asked), lambda found: told.append(found["default", "web"])).play(
        clock, clock.sleep
    )
    assert len(told) == pytest.approx(40 / 5, abs=1)
    # 20 requests a second of 0.8 s each take half of 4 x 8 places: half of the 0.5 cores that each requests.
    assert told[3].cpu == pytest.approx(0.25, rel=0.05)
    assert told[3].memory == pytest.approx(0.65 * 2**30, rel=0.05)
    assert told[3].pods == ("web-0", "web-1", "web-2", "web-3")
    assert told[-1].cpu == pytest.approx(0, abs=1e-9)


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    asked, stream, clock = scenario(), io.StringIO(), Clock()
    found = Run(asked, Script({0: 1, 35: 0}), Board(), Recorder(asked, stream)).play(clock, clock.sleep)
    again = timeline(stream.getvalue().splitlines())
    assert again.scenario == found.scenario
    assert again.seconds == found.seconds
    assert again.latencies["web"].percentile(95) == found.latencies["web"].percentile(95)
    assert again.latencies["web"].failed == found.latencies["web"].failed > 0
    file = tmp_path / "run.jsonl"
    file.write_text(stream.getvalue())
    assert read_timeline(file).seconds == again.seconds


def test_a_record_that_was_broken_off_still_tells_its_seconds() -> None:
    asked, stream, clock = scenario(), io.StringIO(), Clock()
    Run(asked, Script({0: 1}), Board(), Recorder(asked, stream)).play(clock, clock.sleep)
    broken = timeline(stream.getvalue().splitlines()[:11])
    assert (len(broken.seconds), dict(broken.latencies)) == (10, {})


def test_an_interrupted_run_keeps_what_it_saw() -> None:
    asked, stream, clock = scenario(), io.StringIO(), Clock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now > 1010:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run(asked, Script({0: 1}), Board(), Recorder(asked, stream)).play(clock, sleep)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert "latencies" in lines[-1]
    assert sum("second" in line for line in lines) >= 9


@pytest.mark.parametrize("text", ["", "no json", "{}", '{"scenario": {}}'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(text)
    with pytest.raises(SandboxError, match="is no record of a run"):
        read_timeline(file)
    with pytest.raises(SandboxError, match="There is no record"):
        read_timeline(tmp_path / "other.jsonl")
