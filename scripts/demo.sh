#!/bin/sh
# Three real deployments of this project's own wheel, reported to a running dashboard by senders/report.sh:
# as a static site, as a backend, and as a backend whose port is taken. `make demo` runs it and says where the dashboard is.
# Called with the name of a step it does that step: report.sh runs commands, and a step is one.
set -eu

PYTHON=${PYTHON:-python3}
cd "$(dirname "$0")/.."
demo=$PWD/scripts/demo.sh
report=$PWD/senders/report.sh

# --- The steps ------------------------------------------------------------------------------------------------------

build_wheel() {
  "$PYTHON" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$DEMO_DIR/wheel" .
  ls -l "$DEMO_DIR"/wheel/*.whl
}

validate_artifact() {
  "$PYTHON" -m zipfile --test "$DEMO_DIR"/wheel/*.whl
  "$PYTHON" scripts/check_wheel.py "$DEMO_DIR"/wheel/*.whl
}

parse_secrets() { # the dashboard itself says whether the secret is the right one: a report that lacks all fields is a 422
  status=$(printf 'header = "Authorization: Bearer %s"\n' "$DASHBOARD_WEBHOOK_SECRET" |
    curl -sS --config - -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{}' \
      "$DASHBOARD_URL/api/webhook/deployment")
  echo "an empty report with the secret was answered with $status"
  [ "$status" = 422 ]
}

server_init() {
  mkdir -p "$DEMO_SITE/releases"
  "$PYTHON" -c 'import shutil, sys; print(shutil.disk_usage(sys.argv[1]).free // 2**20, "MiB free")' "$DEMO_SITE"
}

deploy_project() { # a new release beside the others, then one atomic switch of the link
  release=$DEMO_SITE/releases/$(date -u +%Y%m%dT%H%M%SZ)
  mkdir "$release"
  "$PYTHON" -m zipfile --extract "$DEMO_DIR"/wheel/*.whl "$release"
  ln -s "$release" "$DEMO_SITE/next"
  "$PYTHON" -c 'import os, sys; os.replace(sys.argv[1] + "/next", sys.argv[1] + "/current")' "$DEMO_SITE"
  find "$DEMO_SITE/current/" -type f | wc -l
}

start_service() {
  cd "$DEMO_SITE/current"
  if [ "$DEMO_TYPE" = static ]; then
    page=icons/quiet.svg
    set -- "$PYTHON" -m http.server --bind 127.0.0.1 --directory dashboard/static "$DEMO_PORT"
  else
    page=health
    set -- env -u DATABASE_URL -u DASHBOARD_URL_PREFIX -u DASHBOARD_WEBHOOK_SECRET -u SECRET_KEY \
      DASHBOARD_DATA_DIR="$DEMO_DATA" DASHBOARD_HOST=127.0.0.1 DASHBOARD_PORT="$DEMO_PORT" "$PYTHON" -m dashboard run
  fi
  "$@" >"$DEMO_SITE/service.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$DEMO_SITE/service.pid"
  until curl -fs -o /dev/null "$DEMO_TEST_URL$page"; do
    kill -0 "$pid" 2>/dev/null || {
      echo "the service exited:" >&2
      tail -n 3 "$DEMO_SITE/service.log" >&2
      return 1
    }
    sleep 0.1
  done
  echo "process $pid answers on port $DEMO_PORT"
}

test_website_static() {
  for file in vendor/bootstrap.min.css icons/quiet.svg; do
    curl -fsS "$DEMO_TEST_URL$file" | cmp - "dashboard/static/$file"
    echo "$file is served as it was built"
  done
}

test_website_backend() {
  curl -fsS "${DEMO_TEST_URL}health"
  curl -fsS "${DEMO_TEST_URL}ready"
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$DEMO_DATA/webhook-secret")" |
    curl -fsS --config - -H 'Content-Type: application/json' "${DEMO_TEST_URL}api/webhook/deployment" \
      -d '{"project": "hello", "run_id": "1", "status": "success", "step_details": {"deploy_project": "success"}}'
  curl -fsS "${DEMO_TEST_URL}api/projects" | grep -o '"slug": *"hello"'
}

# --- The run --------------------------------------------------------------------------------------------------------

stop_service() { # it stops what it started itself: PostgreSQL and gunicorn
  pid=$(cat "$1/service.pid" 2>/dev/null) || return 0
  rm "$1/service.pid"
  kill "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

clean_up() {
  trap '' INT TERM HUP
  for site in "$DEMO_DIR"/*/; do stop_service "${site%/}"; done
  rm -rf "$DEMO_DIR" "$DEMO_DATA"
}

cancel() {
  trap '' INT TERM HUP
  [ -z "${DASHBOARD_RUN_ID:-}" ] || "$report" finish cancelled
  exit 130
}

find_free_port() {
  "$PYTHON" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# deploy NAME TYPE PORT STEP…: exits like the first step that fails; what comes after that is reported as skipped
deploy() {
  DEMO_SITE=$DEMO_DIR/$1 DEMO_TYPE=$2 DEMO_PORT=$3
  DEMO_TEST_URL=http://127.0.0.1:$3/
  DASHBOARD_PROJECT=$1 DASHBOARD_ENVIRONMENT=demo
  DASHBOARD_RUN_ID=demo-$(date +%s)-$$
  export DEMO_SITE DEMO_TYPE DEMO_PORT DEMO_TEST_URL DASHBOARD_PROJECT DASHBOARD_ENVIRONMENT DASHBOARD_RUN_ID
  shift 3
  "$report" start --deploy-type "$DEMO_TYPE" --deploy-path "$DEMO_SITE/current" --test-url "$DEMO_TEST_URL" \
    --port "$DEMO_PORT" --trigger-type manual
  number=0
  for step; do
    number=$((number + 1))
    "$report" step "$step" --number "$number" --status pending
  done
  number=0 outcome=success
  for step; do
    number=$((number + 1))
    if [ "$step" = configure_nginx ]; then
      "$report" step "$step" --number "$number" --status skipped --message "the demo runs without nginx"
    elif [ "$outcome" = failed ]; then
      "$report" step "$step" --number "$number" --status skipped
    else
      echo "$DASHBOARD_PROJECT: $step"
      "$report" step "$step" --number "$number" --log -- "$demo" "$step" || outcome=failed
    fi
  done
  service=stopped
  [ "$outcome" = failed ] || service=running
  "$report" finish "$outcome" --service-status "$service"
  [ "$outcome" = success ]
}

play() {
  : "${DASHBOARD_URL:?}" "${DASHBOARD_WEBHOOK_SECRET:?}"
  curl -fsS -o /dev/null "$DASHBOARD_URL/health" || {
    echo "No dashboard is running on $DASHBOARD_URL: start it with make run in another terminal." >&2
    exit 1
  }
  DEMO_DIR=$(mktemp -d)
  DEMO_DATA=$(mktemp -d)
  export PYTHON DEMO_DIR DEMO_DATA
  trap clean_up EXIT
  trap cancel INT TERM HUP
  echo "Watch it on $DASHBOARD_URL/"
  site_port=$(find_free_port)
  deploy demo-site static "$site_port" build_wheel validate_artifact parse_secrets server_init deploy_project \
    configure_nginx start_service test_website_static
  backend_steps="validate_artifact parse_secrets server_init deploy_project configure_nginx start_service test_website_backend"
  # shellcheck disable=SC2086  # one word per step
  deploy demo-backend backend "$(find_free_port)" $backend_steps
  echo "Deploying again on the port of the static site, which is in use: this must fail."
  stop_service "$DEMO_DIR/demo-backend"
  # shellcheck disable=SC2086
  if deploy demo-backend backend "$site_port" $backend_steps; then
    echo "It should have failed." >&2
    exit 1
  fi
  echo "Done: two deployments succeeded and one failed, see $DASHBOARD_URL/"
}

case ${1:-} in
  '') play ;;
  build_wheel | validate_artifact | parse_secrets | server_init | deploy_project | start_service | test_website_*) "$1" ;;
  *) echo "demo.sh: unknown step $1" >&2 && exit 2 ;;
esac
