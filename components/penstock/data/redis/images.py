"""Which images run. No digest is known before somebody with access to the registry resolves it: tags pin them.

redis: docker-library/official-images pull request 22312 (2026-09-21), with the security fixes of July to September
2026. redis_exporter: tag v1.88.0 of oliver006/redis_exporter (2026-08).
"""

REDIS = "docker.io/library/redis:8.2.10"
EXPORTER = "docker.io/oliver006/redis_exporter:v1.88.0"
