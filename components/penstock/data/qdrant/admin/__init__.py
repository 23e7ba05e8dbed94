"""What runs inside the Kubernetes cluster, in an image with nothing but Python: its modules travel in a ConfigMap.

They import the standard library and one another, and are run as `python -m admin COMMAND`.
"""
