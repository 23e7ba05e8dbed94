"""Pretend load for a sandbox cluster: a model of services under load, the exporters that tell of it, and its measures.

`python -m sandbox.load run SCENARIO` plays a scenario on the pods of a running cluster. From Python, `Run` plays it on
whatever a `Source` sees, and `report.findings` judges the `Timeline` that it returns.
"""
