// The custom resources of Prometheus's operator, which is not built: only its definitions are read.
module penstock/sandbox/cluster/prometheus-operator

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
