#!/usr/bin/env bash
# Stands where CARLA's start script stands in CARLA's image, and heeds the one flag that concerns it.
set -euo pipefail
port=2000
for flag in "$@"; do
  case "$flag" in
    -carla-rpc-port=*) port="${flag#*=}" ;;
  esac
done
exec driving serve --host 0.0.0.0 --port "$port"
