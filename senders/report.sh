#!/bin/sh
# Reports a deployment and its steps to the dashboard, from any CI system. `report.sh --help` and docs/connect-ci.md say how.
#
# One file for any POSIX shell; needs curl and openssl. It never fails a deployment because the dashboard is away.
# Variables begin with rs_: the command of a step inherits the environment, and assigning to a plain `name` here
# would change an exported $name there.

{ set +x; } 2>/dev/null # A caller that traces must not print the secret.
# Standard files that the caller closed would be mistaken for others further down.
(: 9<&0) 2>/dev/null || exec </dev/null
(: 9>&1) 2>/dev/null || exec >/dev/null
(: 9>&2) || exec 2>/dev/null

usage() {
  cat <<'EOT'
Usage: report.sh start [OPTION…]                     a deployment begins
       report.sh finish STATUS [OPTION…]             it is over: success, failed, cancelled, … or an exit status ($?)
       report.sh step NAME [OPTION…] -- COMMAND…     runs the command, reports it, exits with its status
       report.sh step NAME --status STATUS [OPTION…] reports a step without running anything

Environment: DASHBOARD_URL             where the dashboard is, such as https://example.org/project-dashboard
             DASHBOARD_WEBHOOK_SECRET  its webhook secret
             DASHBOARD_TIMEOUT_S       how long one report may be tried, in seconds (15)
             DASHBOARD_RETRY_S         the pause before the second try, doubled each time (1)

Which deployment; also as DASHBOARD_PROJECT, DASHBOARD_RUN_ID, …; what is not given is taken from the CI system:
  --project --environment --run-id --run-attempt --repository --branch --commit-hash --run-url --triggered-by --trigger-type
About the deployment:
  --commit-message --deploy-type backend|static --deploy-path --test-url --port --service-status running|stopped
About the deployment, or with `step` about the step:
  --message --error
About a step:
  --number N   its place in the list
  --job NAME   the job that it belongs to; also as DASHBOARD_JOB
  --log        send the last 64 KiB of the output always (otherwise only when the command fails)
  --no-log     never send output, and leave the command its own stdout and stderr
EOT
}

say() { printf '%s\n' "$(printf 'report.sh: %s' "$*" | LC_ALL=C tr '\000-\037\177' ' ')" >&2; }

misuse() {
  say "$* (report.sh --help)"
  exit 2
}

now() { # RFC 3339 in UTC, with microseconds where date(1) knows them
  rs_now=$(date -u +%Y-%m-%dT%H:%M:%S.%N)
  case $rs_now in
    *.[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]) printf '%sZ' "${rs_now%???}" ;;
    *) printf '%sZ' "${rs_now%%.*}" ;;
  esac
}

# --- Which deployment this is ---------------------------------------------------------------------------------------

fill() { # in the order of the names below: what is still unknown becomes what is given
  : "${rs_project:=$1}" "${rs_repository:=$2}" "${rs_environment:=$3}" "${rs_branch:=$4}" "${rs_commit_hash:=$5}"
  : "${rs_run_id:=$6}" "${rs_run_attempt:=$7}" "${rs_run_url:=$8}" "${rs_triggered_by:=$9}" "${rs_trigger_type:=${10}}"
}

repository_of() { # the path of a remote's URL, without host and credentials; nothing for a local directory
  printf '%s\n' "$1" | sed -e 's,^[A-Za-z+]*://[^/]*/,,' -e 's,^[^/]*:,,' -e 's,/*$,,' -e 's,\.git$,,' -e '\,^[/.],d'
}

fill_from_ci() {
  if [ -n "$GITHUB_ACTIONS$GITEA_ACTIONS$FORGEJO_ACTIONS" ]; then
    rs_page=${GITHUB_SERVER_URL%/}/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/attempts/${GITHUB_RUN_ATTEMPT:-1}
    [ -z "$GITEA_ACTIONS$FORGEJO_ACTIONS" ] || rs_page=${rs_page%/"$GITHUB_RUN_ID"/*}/$GITHUB_RUN_NUMBER
    fill "${GITHUB_REPOSITORY##*/}" "$GITHUB_REPOSITORY" '' "${GITHUB_HEAD_REF:-$GITHUB_REF_NAME}" "$GITHUB_SHA" \
      "$GITHUB_RUN_ID" "$GITHUB_RUN_ATTEMPT" "$rs_page" "${GITHUB_TRIGGERING_ACTOR:-$GITHUB_ACTOR}" "$GITHUB_EVENT_NAME"
  elif [ -n "$GITLAB_CI" ]; then
    : "${rs_commit_message:=$CI_COMMIT_TITLE}"
    fill "$CI_PROJECT_NAME" "$CI_PROJECT_PATH" "$CI_ENVIRONMENT_NAME" \
      "${CI_MERGE_REQUEST_SOURCE_BRANCH_NAME:-$CI_COMMIT_REF_NAME}" "$CI_COMMIT_SHA" \
      "$CI_PIPELINE_ID" '' "$CI_PIPELINE_URL" "$GITLAB_USER_LOGIN" "$CI_PIPELINE_SOURCE"
  elif [ -n "$BITBUCKET_BUILD_NUMBER" ]; then
    rs_page=https://bitbucket.org/$BITBUCKET_REPO_FULL_NAME/pipelines/results/$BITBUCKET_BUILD_NUMBER
    fill "$BITBUCKET_REPO_SLUG" "$BITBUCKET_REPO_FULL_NAME" "$BITBUCKET_DEPLOYMENT_ENVIRONMENT" \
      "${BITBUCKET_BRANCH:-$BITBUCKET_TAG}" "$BITBUCKET_COMMIT" "$BITBUCKET_BUILD_NUMBER" '' "$rs_page" '' ''
  elif [ -n "$JENKINS_URL" ]; then
    rs_remote=$(repository_of "$GIT_URL")
    rs_ref=${CHANGE_BRANCH:-${BRANCH_NAME:-$GIT_BRANCH}}
    fill "${rs_remote##*/}" "$rs_remote" '' "${rs_ref#origin/}" "$GIT_COMMIT" \
      "$BUILD_TAG" '' "$BUILD_URL" "$BUILD_USER_ID" ''
  elif [ -n "$CI_PIPELINE_NUMBER" ]; then # Woodpecker
    : "${rs_commit_message:=$CI_COMMIT_MESSAGE}"
    fill "$CI_REPO_NAME" "$CI_REPO" "$CI_PIPELINE_DEPLOY_TARGET" "${CI_COMMIT_SOURCE_BRANCH:-$CI_COMMIT_BRANCH}" \
      "$CI_COMMIT_SHA" "$CI_PIPELINE_NUMBER" '' "$CI_PIPELINE_URL" "$CI_COMMIT_AUTHOR" "$CI_PIPELINE_EVENT"
  fi
}

fill_from_git() { # Each command may fail: git missing, or no repository here.
  rs_remote=$(repository_of "$(git config --get remote.origin.url 2>/dev/null)")
  rs_directory=$(git rev-parse --show-toplevel 2>/dev/null)
  [ -n "$rs_remote" ] || rs_remote=${rs_directory##*/}
  fill "${rs_remote##*/}" '' '' "$(git symbolic-ref --short -q HEAD 2>/dev/null)" \
    "$(git rev-parse -q --verify HEAD 2>/dev/null)" '' '' '' '' ''
}

find_identity() {
  fill "$DASHBOARD_PROJECT" "$DASHBOARD_REPOSITORY" "$DASHBOARD_ENVIRONMENT" "$DASHBOARD_BRANCH" \
    "$DASHBOARD_COMMIT_HASH" "$DASHBOARD_RUN_ID" "$DASHBOARD_RUN_ATTEMPT" "$DASHBOARD_RUN_URL" \
    "$DASHBOARD_TRIGGERED_BY" "$DASHBOARD_TRIGGER_TYPE"
  : "${rs_job:=$DASHBOARD_JOB}"
  fill_from_ci
  if [ -z "$rs_project" ] || [ -z "$rs_commit_hash" ]; then fill_from_git; fi
  if [ "$rs_verb" != step ] && [ -n "$rs_commit_hash" ]; then
    : "${rs_commit_message:=$(git log -1 --format=%s "$rs_commit_hash" -- 2>/dev/null)}"
  fi
}

# --- What is sent ---------------------------------------------------------------------------------------------------

fields() { printf '%s\0' "$@"; } # NAME VALUE …: the input of json(); a shell's text never holds a NUL

number() { # NAME VALUE: as a JSON number if it is one, else as it is: the dashboard says what is wrong with it
  case $2 in
    '' | *[!0-9]* | 0?*) fields "$1" "$2" ;;
    *) fields "#$1" "$2" ;;
  esac
}

facts() { # TIMESTAMP: what every report says
  fields project "$rs_project" repository "$rs_repository" environment "$rs_environment" branch "$rs_branch" \
    commit_hash "$rs_commit_hash" commit_message "$rs_commit_message" run_id "$rs_run_id" run_url "$rs_run_url" \
    triggered_by "$rs_triggered_by" trigger_type "$rs_trigger_type" deploy_type "$rs_deploy_type" \
    deploy_path "$rs_deploy_path" test_url "$rs_test_url" service_status "$rs_service_status" timestamp "$1"
  number run_attempt "$rs_run_attempt"
  number port "$rs_port"
}

state() { # STATUS STARTED_AT COMPLETED_AT
  fields status "$1" started_at "$2" completed_at "$3" message "$rs_message" error "$rs_error"
}

step_state() { # STATUS STARTED_AT COMPLETED_AT
  facts "${3:-${2:-$(now)}}"
  fields '{step' '' name "$rs_name" job "$rs_job"
  number number "$rs_number"
  state "$@"
}

# Reads NAME NUL VALUE NUL …, writes a JSON object in ASCII. Empty values are left out; `#name` is a number; `{name`
# opens an object that holds the rest. Bytes that are not UTF-8 are dropped. Only numbers pass through awk, so that no
# locale and no awk can misread the text.
json() {
  od -An -v -tu1 | LC_ALL=C awk '
    function open_member() { printf "%s\"%s\":", separator, name; separator = "," }
    function end_name() {
      in_name = 0; began = 0; need = 0; quote = "\""
      if (substr(name, 1, 1) == "#") { quote = ""; name = substr(name, 2) }
      if (substr(name, 1, 1) == "{") { name = substr(name, 2); open_member(); printf "{"; separator = ""; nested = 1 }
    }
    function end_value() { if (began) printf "%s", quote; in_name = 1; name = "" }
    function emit(code) {
      if (!began) { open_member(); printf "%s", quote; began = 1 }
      if (code < 128) printf "%s", ascii[code]
      else if (code < 65536) printf "\\u%04x", code
      else printf "\\u%04x\\u%04x", 55296 + int((code - 65536) / 1024), 56320 + code % 1024
    }
    function expect(bytes, bits, low, high) { need = bytes; code = bits; lowest = low; highest = high }
    function decode(byte) {
      if (need && byte >= lowest && byte <= highest) {
        code = code * 64 + byte - 128; lowest = 128; highest = 191
        if (--need == 0) emit(code)
        return
      }
      need = 0
      if (byte < 128) emit(byte)
      else if (byte >= 194 && byte <= 223) expect(1, byte - 192, 128, 191)
      else if (byte >= 224 && byte <= 239) expect(2, byte - 224, byte == 224 ? 160 : 128, byte == 237 ? 159 : 191)
      else if (byte >= 240 && byte <= 244) expect(3, byte - 240, byte == 240 ? 144 : 128, byte == 244 ? 143 : 191)
    }
    BEGIN {
      for (i = 1; i < 128; i++) ascii[i] = i < 32 || i == 127 ? sprintf("\\u%04x", i) : sprintf("%c", i)
      ascii[34] = "\\\""; ascii[92] = "\\\\"
      in_name = 1; printf "{"
    }
    {
      for (i = 1; i <= NF; i++) {
        byte = $i + 0
        if (byte == 0) { if (in_name) end_name(); else end_value() }
        else if (in_name) name = name ascii[byte]
        else decode(byte)
      }
    }
    END { printf "%s", nested ? "}}" : "}" }'
}

log_field() { # the end of the output, from its first whole line, without the webhook secret
  [ -s "$rs_tmp/log" ] || return 0
  rs_bytes=$(wc -c <"$rs_tmp/log")
  printf 'log\0'
  LC_ALL=C tr -d '\000' <"$rs_tmp/log" | LC_ALL=C awk -v cut="$((rs_bytes >= rs_log_bytes))" '
    BEGIN { secret = ENVIRON["DASHBOARD_WEBHOOK_SECRET"] }
    cut && NR == 1 { partial = $0; next }
    { clean($0) }
    END { if (cut && NR == 1) clean(partial) }
    function clean(line, at) {
      while (secret != "" && (at = index(line, secret)) > 0) {
        printf "%s***", substr(line, 1, at - 1)
        line = substr(line, at + length(secret))
      }
      print line
    }'
  printf '\0'
}

# --- Sending --------------------------------------------------------------------------------------------------------

pad() { # BYTE: the key on standard input, as decimal bytes, xor BYTE, as escapes for printf %b
  LC_ALL=C awk -v with="$1" '
    { for (i = 1; i <= NF; i++) key[n++] = $i }
    END {
      for (i = 0; i < 64; i++) {
        byte = 0
        for (bit = 1; bit < 256; bit *= 2) if (int(key[i] / bit) % 2 != int(with / bit) % 2) byte += bit
        printf "\\0%03o", byte
      }
    }'
}

key_bytes() { # Standard Webhooks: `whsec_` marks base64, anything else is the key itself
  case $DASHBOARD_WEBHOOK_SECRET in
    whsec_*) printf '%s' "${DASHBOARD_WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A 2>/dev/null ;;
    *) printf '%s' "$DASHBOARD_WEBHOOK_SECRET" ;;
  esac
}

# HMAC by hand (RFC 2104): openssl takes a key only as an argument, and arguments are for every user of the machine to
# read. Here the key passes through builtins and pipes alone.
prepare_key() {
  rs_key=$(key_bytes | od -An -v -tu1)
  [ "$(key_bytes | wc -c)" -le 64 ] || rs_key=$(key_bytes | openssl dgst -sha256 -binary | od -An -v -tu1)
  rs_inner=$(printf '%s\n' "$rs_key" | pad 54)
  rs_outer=$(printf '%s\n' "$rs_key" | pad 92)
}

sign() { # PREFIX FILE: the base64 HMAC-SHA256 of both together
  {
    { printf '%b' "$rs_inner" && printf '%s' "$1" && cat "$2"; } | openssl dgst -sha256 -binary |
      { printf '%b' "$rs_outer" && cat; } | openssl dgst -sha256 -binary | openssl base64 -A
  } 2>/dev/null
}

member() { # NAME FILE: a member of a JSON answer: a text without its quotes, anything else as it stands to the end
  LC_ALL=C tr '\000-\037\177' ' ' <"$2" | LC_ALL=C awk -v name="$1" '
    match($0, "\"" name "\" *: *") {
      value = substr($0, RSTART + RLENGTH)
      if (match(value, /^"([^"\\]|\\.)*"/)) { value = substr(value, 2, RLENGTH - 2); gsub(/\\"/, "\"", value) }
      print substr(value, 1, 300)
    }'
}

explain() { # FILE: a problem document in one line, or the beginning of whatever else it is
  rs_title=$(member title "$1")
  rs_detail=$(member detail "$1")
  rs_errors=$(member errors "$1")
  if [ -n "$rs_title$rs_detail" ]; then
    printf '%s' "$rs_title${rs_detail:+: $rs_detail}${rs_errors:+ $rs_errors}"
  else
    dd bs=200 count=1 2>/dev/null <"$1"
  fi
}

try_once() { # FILE ID SECONDS: posts the file; leaves .head, .answer and .trouble beside it; prints the HTTP status
  rs_at=$(date +%s)
  { # Through standard input: neither the signature nor credentials in the URL belong into a process list.
    printf 'url = "%s"\nheader = "webhook-id: %s"\nheader = "webhook-timestamp: %s"\n' "$rs_url" "$2" "$rs_at"
    printf 'header = "webhook-signature: v1,%s"\n' "$(sign "$2.$rs_at." "$1")"
  } | curl -q --config - --silent --show-error --globoff --max-time "$3" --connect-timeout 5 \
    --header 'Content-Type: application/json' --header 'Expect:' --user-agent report.sh \
    --data-binary "@$1" --dump-header "$1.head" --output "$1.answer" --write-out '%{http_code}' 2>"$1.trouble"
}

pause() { # SECONDS FILE: sleeps, unless FILE need not be sent any more
  rs_slept=0
  while [ "$rs_slept" -lt "$1" ] && [ ! -e "$2.stop" ]; do
    sleep 1
    rs_slept=$((rs_slept + 1))
  done
}

next_pause() { # FILE DEFAULT: the seconds of Retry-After if it gives some
  rs_asked=$(awk -F: 'tolower($1) == "retry-after" { gsub(/[^0-9A-Za-z]/, "", $2); print $2 }' "$1.head" 2>/dev/null)
  case $rs_asked in
    '' | *[!0-9]* | ??????*) printf '%s' "$2" ;;
    *) printf '%s' "$rs_asked" ;;
  esac
}

# Sends FILE within SECONDS; WHAT names it in the one line that a failure prints. The id stays the same on every try:
# the dashboard applies it once. A file FILE.stop ends the tries silently: something newer says more.
post() { # FILE SECONDS WHAT
  rs_id=msg_$(openssl rand -hex 16)
  rs_deadline=$(($(date +%s) + $2))
  rs_pause=$rs_first_pause
  for rs_try in 1 2 3 4 5 6; do
    rs_left=$((rs_deadline - $(date +%s)))
    [ "$rs_left" -le 10 ] || rs_left=10
    [ "$rs_left" -ge 1 ] || rs_left=1
    : >"$1.head"
    : >"$1.answer"
    rs_http=$(try_once "$1" "$rs_id" "$rs_left")
    case $rs_http in
      2??) return 0 ;;
      '' | 000) rs_why="the dashboard cannot be reached: $(cat "$1.trouble")" ;;
      *) rs_why="the dashboard answered $rs_http: $(explain "$1.answer")" ;;
    esac
    case $rs_http in '' | 000 | 408 | 425 | 429 | 5??) ;; *) break ;; esac
    rs_wait=$(next_pause "$1" "$rs_pause")
    [ "$(($(date +%s) + rs_wait))" -lt "$rs_deadline" ] && [ "$rs_try" -lt 6 ] || break
    pause "$rs_wait" "$1"
    [ ! -e "$1.stop" ] || return 1
    rs_pause=$((rs_pause * 2))
  done
  [ -e "$1.stop" ] || say "$3 was not reported: $rs_why"
  return 1
}

# --- What stands in the way of reporting ----------------------------------------------------------------------------

whole_number() { # VALUE DEFAULT
  case $1 in
    '' | *[!0-9]* | ?????*) printf '%s' "$2" ;;
    *) printf '%s' "$1" ;;
  esac
}

find_obstacle() { # prints why nothing can be sent, or nothing
  command -v curl >/dev/null || echo 'curl is not installed'
  command -v openssl >/dev/null || echo 'openssl is not installed'
  case $(command -v printf) in */*) echo 'this shell has no printf of its own, which keeps the secret out of process lists' ;; esac
  case $rs_url in
    /api/webhook/deployment) echo 'DASHBOARD_URL is not set' ;;
    *[[:space:][:cntrl:]\"\\]*) echo 'DASHBOARD_URL is not a URL' ;;
    http://* | https://*) ;;
    *) echo 'DASHBOARD_URL must begin with https:// or http://' ;;
  esac
  if [ -z "$DASHBOARD_WEBHOOK_SECRET" ]; then
    echo 'DASHBOARD_WEBHOOK_SECRET is not set'
  elif [ "$(key_bytes | wc -c)" -eq 0 ]; then
    echo 'DASHBOARD_WEBHOOK_SECRET starts with whsec_, so the rest must be base64'
  fi
  [ -n "$rs_project" ] || echo 'the project is not known: give --project or DASHBOARD_PROJECT'
  [ -n "$rs_run_id" ] ||
    echo 'the run is not known: give --run-id or DASHBOARD_RUN_ID, the same for every report of one deployment'
}

prepare() { # false, after one line about it, if nothing can be sent
  rs_url=$DASHBOARD_URL
  while [ "$rs_url" != "${rs_url%/}" ]; do rs_url=${rs_url%/}; done
  rs_url=${rs_url%/api/webhook/deployment}/api/webhook/deployment
  rs_timeout=$(whole_number "$DASHBOARD_TIMEOUT_S" 15)
  rs_first_pause=$(whole_number "$DASHBOARD_RETRY_S" 1)
  find_identity
  rs_obstacle=$(find_obstacle | sed 1q)
  if [ -z "$rs_obstacle" ]; then
    rs_tmp=${TMPDIR:-/tmp}/report-$(openssl rand -hex 8)
    trap 'rm -rf "$rs_tmp"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir -m 700 "$rs_tmp" 2>/dev/null || rs_obstacle="no directory can be made in ${TMPDIR:-/tmp}"
  fi
  [ -z "$rs_obstacle" ] || { say "nothing is reported: $rs_obstacle" && return 1; }
  prepare_key
}

# --- The three verbs ------------------------------------------------------------------------------------------------

report_deployment() { # STATUS STARTED_AT COMPLETED_AT
  { facts "${3:-$2}" && state "$@"; } | json >"$rs_tmp/deployment"
  post "$rs_tmp/deployment" "$rs_timeout" "the deployment ($1)" || return 0
  [ "$1" != running ] || say "this deployment is at $(member url "$rs_tmp/deployment.answer")"
}

report_step() { # STATUS STARTED_AT COMPLETED_AT
  {
    step_state "$@"
    [ -z "$rs_send_log" ] || log_field
  } | json >"$rs_tmp/step-$1"
  post "$rs_tmp/step-$1" "$rs_timeout" "step \"$rs_name\" ($1)" || :
}

report_step_alone() {
  case $rs_status in
    running | in_progress | started) report_step "$rs_status" "$(now)" '' ;;
    queued | pending | waiting) report_step "$rs_status" '' '' ;;
    *) report_step "$rs_status" '' "$(now)" ;;
  esac
}

copy_output() { # What the command writes goes at once to where it belongs, and its end into the log.
  trap '' HUP INT TERM # The copies end when the output does, and a command may write until it has cleaned up.
  LC_ALL=C tail -c "$rs_log_bytes" <"$rs_tmp/tail" >"$rs_tmp/log" 2>/dev/null 6<&- 7<&- 8<&- &
  tee "$rs_tmp/tail" <"$rs_tmp/out" 6<&- 7<&- 8<&- &
  rs_copy=$!
  if [ "$rs_err" != "$rs_tmp/out" ]; then tee "$rs_tmp/tail" <"$rs_err" >&2 6<&- 7<&- 8<&- & fi
  exec 7<&- 8<&-
  wait "$rs_copy"
  wait "$!" 2>/dev/null # May be the same one, which bash remarks on.
  exec 6<&- # Only now may tail see the end.
  wait
  (: >"$rs_tmp/copied") 2>/dev/null
}

await_output() { # A service that the step left running may hold the output open for good: then there is no log.
  rs_turn=0
  while [ ! -e "$rs_tmp/copied" ] && [ "$rs_turn" -lt 50 ]; do
    sleep 0.02 2>/dev/null || { sleep 1 && rs_turn=$((rs_turn + 49)); }
    rs_turn=$((rs_turn + 1))
  done
  [ -e "$rs_tmp/copied" ] || rs_log=never
}

start_command() { # COMMAND…: in the background, since a shell acts on signals only while it waits; sets rs_pid
  # A shell makes its background commands ignore INT. GNU env can undo that; elsewhere INT is passed on as TERM.
  if env --default-signal=INT,QUIT true 2>/dev/null; then
    set -- env --default-signal=INT,QUIT "$@"
    rs_interrupt=INT
  fi
  mkfifo "$rs_tmp/out" "$rs_tmp/err" "$rs_tmp/tail" 2>/dev/null || rs_log=never # Not every file system has pipes.
  if [ -n "$rs_caught" ]; then
    return # It is cancelled before it has begun.
  elif [ "$rs_log" = never ]; then
    { "$@" <&9 9<&- & rs_pid=$!; } 9<&0
  else
    rs_err=$rs_tmp/err
    # One file for both, such as a terminal: one pipe keeps the order of the lines.
    # shellcheck disable=SC3013 # In POSIX since 2024, and in every shell before.
    if [ /dev/fd/1 -ef /dev/fd/2 ]; then rs_err=$rs_tmp/out; fi
    { # Open for reading and writing, 6, 7 and 8 spare everyone the wait for the other end of a pipe. A wait could be
      # interrupted by a signal, or last for ever if the other process dies. Each closes them when it has its own.
      copy_output 9<&- &
      "$@" <&9 >"$rs_tmp/out" 2>"$rs_err" 6<&- 7<&- 8<&- 9<&- &
      rs_pid=$!
    } 6<>"$rs_tmp/tail" 7<>"$rs_err" 8<>"$rs_tmp/out" 9<&0
  fi
}

pass_on() { # SIGNAL STATUS: sends the signal to the command, whose exit status it makes STATUS by default
  rs_caught=$1
  rs_killed=$2
  rs_signals=$((rs_signals + 1))
  [ -z "$rs_pid" ] || kill -s "$1" "$rs_pid" 2>/dev/null
}

await_command() { # sets rs_code; a signal ends a wait early, so that it takes another
  rs_seen=$rs_signals
  wait "$rs_pid" 2>/dev/null
  rs_code=$?
  while [ "$rs_signals" -ne "$rs_seen" ]; do
    rs_seen=$rs_signals
    wait "$rs_pid" 2>/dev/null
    rs_code=$?
  done
  # What dash and bash say when they have lost the status, because the command ended at the same moment.
  case $rs_caught$rs_code in ?*127 | ?*-1) rs_code=$rs_killed ;; esac
}

run_step() { # COMMAND…
  rs_began=$(now)
  report_step running "$rs_began" '' </dev/null >/dev/null 2>"$rs_tmp/said" &
  rs_poster=$!
  trap 'pass_on HUP 129' HUP
  trap 'pass_on "$rs_interrupt" 130' INT
  trap 'pass_on TERM 143' TERM
  start_command "$@"
  if [ -n "$rs_pid" ]; then
    [ -z "$rs_caught" ] || pass_on "$rs_caught" "$rs_killed"
    await_command
  else
    rs_code=${rs_killed:-1}
    rs_log=never
  fi
  trap '' HUP INT TERM
  rs_ended=$(now)
  : >"$rs_tmp/step-running.stop"
  [ -z "$rs_caught" ] || kill "$rs_poster" 2>/dev/null
  [ "$rs_log" = never ] || await_output
  wait "$rs_poster" 2>/dev/null
  [ -n "$rs_caught" ] || cat "$rs_tmp/said" >&2
  report_end
  exit "$rs_code"
}

report_end() {
  rs_outcome=failed
  [ "$rs_log" = never ] || rs_send_log=yes
  if [ "$rs_code" -eq 0 ]; then
    rs_outcome=success
    [ "$rs_log" = always ] || rs_send_log=
  elif [ -n "$rs_caught" ]; then
    rs_outcome=cancelled
    rs_error=${rs_error:-stopped by signal $rs_caught}
    [ "$rs_timeout" -le 5 ] || rs_timeout=5 # Whoever cancels a run kills what does not end soon.
  elif [ "$rs_code" -gt 128 ]; then
    rs_error=${rs_error:-killed by signal $((rs_code - 128))}
  else
    rs_error=${rs_error:-exit status $rs_code}
  fi
  report_step "$rs_outcome" "$rs_began" "$rs_ended"
}

# --- The command line -----------------------------------------------------------------------------------------------

set_option() { # NAME VALUE
  case $1 in
    --project) rs_project=$2 ;;
    --environment) rs_environment=$2 ;;
    --run-id) rs_run_id=$2 ;;
    --run-attempt) rs_run_attempt=$2 ;;
    --repository) rs_repository=$2 ;;
    --branch) rs_branch=$2 ;;
    --commit-hash) rs_commit_hash=$2 ;;
    --run-url) rs_run_url=$2 ;;
    --triggered-by) rs_triggered_by=$2 ;;
    --trigger-type) rs_trigger_type=$2 ;;
    --commit-message) rs_commit_message=$2 ;;
    --deploy-type) rs_deploy_type=$2 ;;
    --deploy-path) rs_deploy_path=$2 ;;
    --test-url) rs_test_url=$2 ;;
    --port) rs_port=$2 ;;
    --service-status) rs_service_status=$2 ;;
    --message) rs_message=$2 ;;
    --error) rs_error=$2 ;;
    --status) rs_status=$2 ;;
    --name) rs_name=$2 ;;
    --number) rs_number=$2 ;;
    --job) rs_job=$2 ;;
    *) misuse "unknown option $1" ;;
  esac
}

set_word() { # the one argument that is not an option: the name of a step, or the status at the end
  case $rs_verb$rs_name$rs_status in
    step) rs_name=$1 ;;
    finish) rs_status=$1 ;;
    *) misuse "unexpected \"$1\": a command comes after --, a name with blanks in quotes" ;;
  esac
}

read_status() { # An exit status is as good as a word.
  case $rs_status in
    *[!0-9]* | '') ;;
    0) rs_status=success ;;
    *) rs_error=${rs_error:-exit status $rs_status} && rs_status=failed ;;
  esac
}

rs_verb=$1
rs_log=failed
rs_log_bytes=65536
rs_interrupt=TERM
rs_signals=0
case $rs_verb in
  start | finish | step) shift ;;
  -h | --help | help) usage && exit 0 ;;
  *) misuse "start, finish or step is expected, not \"$rs_verb\"" ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
    --) break ;;
    -h | --help) usage && exit 0 ;;
    --log) rs_log=always ;;
    --no-log) rs_log=never ;;
    --*=*) set_option "${1%%=*}" "${1#*=}" ;;
    -*)
      [ $# -ge 2 ] || misuse "$1 needs a value"
      set_option "$1" "$2"
      shift
      ;;
    *) set_word "$1" ;;
  esac
  shift
done
read_status

case $rs_verb,$# in
  start,0) prepare && report_deployment running "$(now)" '' ;;
  finish,0)
    [ -n "$rs_status" ] || misuse 'finish needs a status'
    prepare && report_deployment "$rs_status" '' "$(now)"
    ;;
  step,0)
    { [ -n "$rs_name" ] && [ -n "$rs_status" ]; } || misuse 'step needs a name, and -- with a command or --status'
    prepare && report_step_alone
    ;;
  step,1) misuse 'there is no command after --' ;;
  step,*)
    [ -n "$rs_name" ] || misuse 'step needs a name'
    shift
    prepare || exec env "$@"
    run_step "$@"
    ;;
  *) misuse "only step takes a command" ;;
esac
exit 0
