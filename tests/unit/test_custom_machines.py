"""Custom machine types of Google Cloud: what their names say, and which are allowed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost import CustomShapes, UnknownMachineType, family, machine


@pytest.mark.parametrize(
    ("name", "vcpu", "memory", "series"),
    [
        ("n2-custom-8-16384", 8, 16, "n2"),
        ("custom-4-8192", 4, 8, "n1"),
        ("n1-custom-4-8192", 4, 8, "n1"),
        ("custom-1-1024", 1, 1, "n1"),
        ("n2d-custom-16-8192", 16, 8, "n2d"),
        ("n4a-custom-5-14336", 5, 14, "n4a"),
        ("n2-custom-2-131072-ext", 2, 128, "n2"),
        ("e2-custom-4-10240", 4, 10, "e2"),
        ("e2-custom-small-3072", 0.5, 3, "e2"),
    ],
)
def test_a_custom_name_says_what_the_machine_holds(name: str, vcpu: float, memory: float, series: str) -> None:
    found = machine("gcp", name)
    assert (found.name, found.vcpu, found.memory_gib, found.accelerator) == (name, vcpu, memory, None)
    assert family("gcp", name).name == series


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("n2-custom-7-8192", "Write 6 or 8."),
        ("n2-custom-34-65536", "Write 32 or 36."),
        ("n2d-custom-12-16384", "Write 8 or 16."),
        ("n2-custom-8-10000", "Write 9984 or 10240."),
        ("n4a-custom-8-16640", "Write 16384 or 17408."),
        ("n2-custom-8-2048", "Write at least 4096."),
        ("custom-2-1792", "Write at least 2048."),
        ("n2-custom-8-99328", "Write at most 65536, or add '-ext' for extended memory."),
        ("e2-custom-8-99328", "Write at most 65536."),
        ("e2-custom-8-99328-ext", "Drop '-ext'."),
        ("e2-custom-micro-512", "Write at least 1024."),
        ("e2-custom-micro-4096", "Write at most 2048."),
    ],
)
def test_a_custom_machine_outside_googles_rules_is_refused_with_what_to_write(name: str, advice: str) -> None:
    with pytest.raises(UnknownMachineType) as caught:
        machine("gcp", name)
    assert str(caught.value).endswith(advice)


@pytest.mark.parametrize(
    "name",
    [
        "c3-custom-4-8192",
        "n2-custom-8",
        "n2-custom-08-16384",
        "n2-custom-small-2048",
        "n2-custom-\u0668-16384",
        "n2-custom",
        "n2-custom-8-" + "9" * 5000,
    ],
)
def test_what_only_looks_like_a_custom_machine_is_unknown(name: str) -> None:
    with pytest.raises(UnknownMachineType, match="is known here"):
        machine("gcp", name)


def _custom_shapes(series: str) -> CustomShapes:
    shapes = family("gcp", f"{series}-standard-8").custom
    assert shapes is not None
    return shapes


@given(
    series=st.sampled_from(["e2", "n1", "n2", "n2d", "n4", "n4a", "n4d"]),
    vcpu=st.integers(1, 130),
    mib=st.integers(1, 700 * 1024) | st.integers(1, 2800).map(lambda quarter: quarter * 256),
)
def test_a_custom_machine_exists_exactly_where_the_rules_of_its_series_allow_it(
    series: str, vcpu: int, mib: int
) -> None:
    rules = _custom_shapes(series)
    allowed = (
        vcpu in rules.vcpus
        and mib % rules.memory_step_mib == 0
        and rules.min_gib_per_vcpu * 1024 * vcpu - 1 < mib < rules.max_gib_per_vcpu * 1024 * vcpu + 1
    )
    if allowed:
        found = machine("gcp", f"{series}-custom-{vcpu}-{mib}")
        assert (found.vcpu, found.memory_gib * 1024) == (vcpu, mib)
    else:
        with pytest.raises(UnknownMachineType, match="does not allow"):
            machine("gcp", f"{series}-custom-{vcpu}-{mib}")


@given(
    series=st.sampled_from(["e2", "n1", "n2", "n2d", "n4", "n4a", "n4d"]), mib=st.integers(1, 2_000_000), data=st.data()
)
def test_the_memory_that_a_refusal_advises_is_allowed(series: str, mib: int, data: st.DataObject) -> None:
    vcpu = data.draw(st.sampled_from(sorted(_custom_shapes(series).vcpus)))
    try:
        machine("gcp", f"{series}-custom-{vcpu}-{mib}")
    except UnknownMachineType as refused:
        advised = re.findall(r"\d+", str(refused).rsplit("Write ")[1])
        assert advised
        for amount in advised:
            assert machine("gcp", f"{series}-custom-{vcpu}-{amount}")
