#!/usr/bin/env bash
# Runs the broker's own start, given as arguments. A new data folder gets a cluster id of its own, and keeps it: by it the services tell one
# broker's offsets from another's, and the image would give every broker the same.
set -eu
meta="$KAFKA_LOG_DIRS/meta.properties"
if [ -f "$meta" ]; then
  CLUSTER_ID=$(sed -n 's/^cluster\.id=//p' "$meta")
else
  CLUSTER_ID=$("${KAFKA_HOME:-/opt/kafka}/bin/kafka-storage.sh" random-uuid)
fi
export CLUSTER_ID
exec "$@"
