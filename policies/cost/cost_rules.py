"""What a stack may cost a month, and how it may be bought."""

from ceilings import Ceilings, StackCeiling, environment_ceilings, pool_ceilings, stack_ceiling, tenant_ceilings
from estimate import UnitCosts, estimate, unit_costs
from nights import GpusAtNight, gpus_at_night
from priced import EstimateConfig
from shares import OnDemandGpus, Purchases, SpotShare, on_demand_gpus, purchases, spot_share

from penstock_cost.crossguard import ResourceRule, Rule, StackRule

RULES: list[Rule] = [
    StackRule("estimate", "What the stack costs a month.", estimate, EstimateConfig, level="advisory"),
    StackRule("stack-ceiling", "The stack costs no more than its ceiling.", stack_ceiling, StackCeiling),
    StackRule("pool-ceilings", "No pool costs more than its ceiling.", pool_ceilings, Ceilings),
    StackRule("tenant-ceilings", "No tenant costs more than its ceiling.", tenant_ceilings, Ceilings),
    StackRule("environment-ceilings", "No environment costs more than its ceiling.", environment_ceilings, Ceilings),
    StackRule("spot-share", "Enough of the machines are bought as spot.", spot_share, SpotShare),
    StackRule("on-demand-gpus", "No more GPUs than the maximum are bought on demand.", on_demand_gpus, OnDemandGpus),
    StackRule("gpus-at-night", "No GPUs run all night for nobody.", gpus_at_night, GpusAtNight, level="advisory"),
    ResourceRule("purchases", "Purchases that cannot be undone are acknowledged.", purchases, Purchases),
    StackRule("unit-costs", "Requests cost what they should.", unit_costs, UnitCosts, level="advisory"),
]
