"""`penstock cost job`, `tokens`, `units` and `tenants`: what they print, and how they refuse."""

import argparse
import json

import pytest

from penstock_cost.jobs.cli import add_parser, run


@pytest.fixture
def command(capsys):
    def call(line):
        capsys.readouterr()
        parser = argparse.ArgumentParser(prog="penstock cost")
        add_parser(parser.add_subparsers(required=True))
        status = run(parser.parse_args(line.split()))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


P3 = "--cloud aws --region us-east-1 --machine p3.2xlarge"


def test_a_job_as_a_table_shows_its_tariff_against_the_price_book(command):
    status, out, _ = command(f"job {P3} --hours 10 --spot --off-peak --priority urgent")
    assert status == 0
    assert "Spot -70 % is this tariff's; the price book says -" in out
    assert "x 0.5  off-peak" in out and "otherwise" in out and "Prices:" in out


def test_a_job_as_json_adds_up(command):
    status, out, _ = command(f"job {P3} --hours 10 --priority background --format json")
    cost = json.loads(out)
    assert status == 0
    assert cost["usd"] == pytest.approx(sum(cost["parts"].values()))
    assert cost["usd"] == pytest.approx(cost["list_usd"] * 0.8)
    assert cost["adjustments"][0]["book_factor"] == 1


def test_the_tariff_can_be_stated(command):
    _, out, _ = command(f"job {P3} --hours 10 --spot --spot-change book --format json")
    cost = json.loads(out)
    assert cost["usd"] == pytest.approx(cost["book_usd"])
    _, out, _ = command(f"job {P3} --hours 10 --off-peak 0.5 --off-peak-change -0.2 --format json")
    assert json.loads(out)["adjustments"][0]["factor"] == pytest.approx(0.9)


def test_a_job_at_stated_rates(command):
    _, out, _ = command("job --usd-per-gpu 2 --gpus 4 --hours 3 --format json")
    assert json.loads(out)["usd"] == pytest.approx(24)


def test_tokens(command):
    status, out, _ = command("tokens --model gpt-3.5-turbo --tokens-per-day 10000000 --input-share 0.75")
    assert status == 0
    assert "228.12" in out and "Basis: 0.75 of the tokens input" in out and "2026-10-23" in out
    _, out, _ = command("tokens --model gpt-3.5-turbo --tokens-per-day 10000000 --format json")
    report = json.loads(out)
    assert report["ceiling"] == pytest.approx(456.25)
    assert report["items"][0]["kind"] == "tokens"


@pytest.fixture
def files(tmp_path, command):
    """A report of the tokens of a tenant, and how two tenants share a bill."""
    _, report, _ = command("tokens --model gpt-4o --tokens-per-day 1e6 --input-share 1 --tenant acme --format json")
    sharing = {
        "tenants": {
            "acme": {"weight": 1, "quota": 2, "use": {"tokens": 30e6}, "plan": {"usd_per_month": 100}},
            "umbrella": {},
        }
    }
    (tmp_path / "report.json").write_text(report)
    (tmp_path / "sharing.json").write_text(json.dumps(sharing))
    (tmp_path / "list.json").write_text("[]")
    return tmp_path


def test_tenants_of_a_report(command, files):
    line = f"tenants {files}/report.json --sharing {files}/sharing.json --worst-case acme"
    status, out, _ = command(line)
    assert status == 0
    # 1 M x 2.50 x 30.41667 days.
    assert "76.04" in out and "acme at its quota" in out and "margin" in out
    _, out, _ = command(f"{line} --format json")
    read = json.loads(out)
    assert sum(one["cost"]["expected"] for one in read["tenants"]) == pytest.approx(read["cost"]["expected"])


@pytest.mark.parametrize(
    "line, problem",
    [
        ("tenants {0}/none.json", "cannot be read"),
        ("tenants {0}/list.json", "holds no JSON object"),
        ("tenants {0}/sharing.json", "no report"),
        ("tenants {0}/report.json --sharing {0}/report.json", "There is no such field"),
        ("tenants {0}/report.json --allocated 2", "allocated: "),
        ("tenants {0}/report.json --worst-case acme", "tenants.acme.quota"),
    ],
)
def test_bad_files_are_a_sentence_and_a_status(command, files, line, problem):
    status, out, err = command(line.format(files))
    assert (status, out) == (1, "")
    assert problem in err


def test_units(command):
    line = f"units {P3} --tokens-per-second 1000 --utilisation 0.5 --api-model gpt-4o --input-share 0.8"
    status, out, _ = command(line)
    assert status == 0
    assert "1M tokens" in out and "GPU-hour" in out and "beat the API from a utilisation of" in out
    _, out, _ = command(f"{line} --format json")
    costs = json.loads(out)
    # gpt-4o: 0.8 x 2.50 + 0.2 x 10 = 4 USD per 1M; 3.6 M tokens an hour: 14.40.
    assert costs["break_even"]["utilisation"] == pytest.approx(costs["usd_per_hour"] / 14.40)


def test_units_on_spot_cost_the_spot_price(command):
    rest = "--tokens-per-second 1000 --utilisation 0.5 --format json"
    listed, spot = (json.loads(command(f"units {P3} {rest}{more}")[1]) for more in ("", " --purchase spot"))
    assert spot["usd_per_hour"] < listed["usd_per_hour"]


@pytest.mark.parametrize(
    "line, problem",
    [
        (f"job {P3} --hours -1", "hours: "),
        (f"job {P3} --hours nan", "hours: "),
        (f"job {P3} --hours 1e30", "hours: "),
        (f"job {P3} --hours 1 --off-peak 2", "off_peak: "),
        ("job --hours 1", "machine: This is needed"),
        ("job --cloud aws --region us-east-1 --machine p3.2xlarg --hours 1", "p3.2xlarge"),
        (f"job {P3} --hours 1 --spot-change -1", "spot: Input should be greater than -1"),
        ("tokens --model gpt-5o --tokens-per-day 1", "Write for example gpt-"),
        ("tokens --model gpt-4o", "tokens_per_day: "),
        ("units --utilisation 0.5 --tokens-per-second 1", "--machine: Needed"),
        (f"units {P3} --usd-per-hour 1 --utilisation 0.5 --tokens-per-second 1", "Write one of the two"),
        (f"units {P3} --utilisation 1.5 --tokens-per-second 1", "utilisation: "),
        (f"units {P3} --utilisation 0.5 --tokens-per-second 1 --api-model gpt-4o", "--input-share: "),
        (f"units {P3} --utilisation 0.5 --tokens-per-second 1 --input-share 0.5", "goes with --api-model"),
        (f"units {P3} --utilisation 0.5", "State a throughput"),
    ],
)
def test_bad_input_is_a_sentence_and_a_status(command, line, problem):
    status, out, err = command(line)
    assert (status, out) == (1, "")
    assert problem in err
    assert "Traceback" not in err
