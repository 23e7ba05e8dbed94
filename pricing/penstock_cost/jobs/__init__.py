"""What work costs: jobs, tokens of an LLM API, units of throughput, and the shares of tenants."""
