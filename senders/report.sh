#!/bin/sh
# Reports a deployment and its steps to the dashboard, from any CI system: see `report.sh --help` and docs/connect-ci.md.
#
# A single file for any POSIX shell; needs curl and openssl. An unreachable dashboard never makes a deployment fail.
# All variables begin with rs_: the command of a step inherits the environment, and assigning to a plain `name` here
# would change an exported $name there.

{ set +x; } 2>/dev/null # If the caller uses set -x, the secret must not be printed.
# A standard file that the caller closed would get the number of another file opened below.
(: 9<&0) 2>/dev/null || exec </dev/null
(: 9>&1) 2>/dev/null || exec >/dev/null
(: 9>&2) || exec 2>/dev/null

usage() {
  cat <<'EOT'
Usage: report.sh start [OPTION…]                     reports the start of a deployment
       report.sh finish STATUS [OPTION…]             reports its end: success, failed, cancelled, … or exit status ($?)
       report.sh step NAME [OPTION…] -- COMMAND…     runs the command, reports it and exits with its status
       report.sh step NAME --status STATUS [OPTION…] reports a step without running anything

Environment: DASHBOARD_URL             address of the dashboard, for example https://example.org/project-dashboard
             DASHBOARD_WEBHOOK_SECRET  webhook secret of the dashboard
             DASHBOARD_TIMEOUT_S       maximum time for one report including retries, in seconds (15)
             DASHBOARD_RETRY_S         pause before the first retry, in seconds, doubled each time (1)

Identity of the deployment, also as DASHBOARD_PROJECT, DASHBOARD_RUN_ID, …; missing values are taken from the CI system:
  --project --environment --run-id --run-attempt --repository --branch --commit-hash --run-url --triggered-by --trigger-type
Details of the deployment:
  --commit-message --deploy-type backend|static --deploy-path --test-url --port --service-status running|stopped
Details of the deployment, or with `step` of the step:
  --message --error
Details of a step:
  --number N   position in the list
  --job NAME   job that the step belongs to, also as DASHBOARD_JOB
  --log        always send the last 64 KiB of the output (default: only when the command fails)
  --no-log     never send output; the command keeps its own stdout and stderr
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

# --- Identity of the deployment -------------------------------------------------------------------------------------

fill() { # VALUE…, in the order of the names below: sets the variables that are still empty
  : "${rs_project:=$1}" "${rs_repository:=$2}" "${rs_environment:=$3}" "${rs_branch:=$4}" "${rs_commit_hash:=$5}"
  : "${rs_run_id:=$6}" "${rs_run_attempt:=$7}" "${rs_run_url:=$8}" "${rs_triggered_by:=$9}" "${rs_trigger_type:=${10}}"
}

repository_of() { # URL: the path of a remote's URL without host and credentials; nothing for a local directory
  printf '%s\n' "$1" | sed -e 's,^[A-Za-z+]*://[^/]*/,,' -e 's,^[^/]*:,,' -e 's,/*$,,' -e 's,\.git$,,' -e '\,^[/.],d'
}

fork_branch() { # OWNER: puts the owner of a fork before its branch, so that it does not count as the repository's own
  case $rs_ref in '' | *:*) ;; *) rs_ref=${1:-fork}:$rs_ref ;; esac
}

head_owner() { # the owner of the fork that a pull request of GitHub comes from, or nothing; the label is OWNER:BRANCH
  [ -r "$GITHUB_EVENT_PATH" ] || return 0
  LC_ALL=C awk -v branch="$GITHUB_HEAD_REF" -v own="$GITHUB_REPOSITORY" '
    BEGIN { sub("/.*", "", own) }
    {
      while (match($0, /"label" *: *"[^"]*"/)) {
        label = substr($0, RSTART, RLENGTH - 1)
        $0 = substr($0, RSTART + RLENGTH)
        sub(/^"label" *: *"/, "", label)
        owner = label
        sub(/:.*/, "", owner)
        if (label == owner ":" branch && owner != own) { print owner; exit }
      }
    }' "$GITHUB_EVENT_PATH" 2>/dev/null
}

# The attempt is sent only where the CI system numbers those of a run. The numbers that Gitea, Bitbucket, Buildkite and
# Azure give to the attempts of a job or step would tear one run into several: there a retry is recognised by its times.
fill_from_ci() {
  if [ -n "$GITHUB_ACTIONS$GITEA_ACTIONS$FORGEJO_ACTIONS" ]; then
    rs_page=${GITHUB_SERVER_URL%/}/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/attempts/${GITHUB_RUN_ATTEMPT:-1}
    rs_attempt=$GITHUB_RUN_ATTEMPT
    if [ -n "$GITEA_ACTIONS$FORGEJO_ACTIONS" ]; then
      rs_page=${rs_page%/"$GITHUB_RUN_ID"/*}/$GITHUB_RUN_NUMBER
      rs_attempt=
    fi
    rs_ref=${GITHUB_HEAD_REF:-$GITHUB_REF_NAME}
    rs_owner=
    if [ -n "$GITHUB_HEAD_REF" ]; then rs_owner=$(head_owner); fi
    [ -z "$rs_owner" ] || fork_branch "$rs_owner"
    fill "${GITHUB_REPOSITORY##*/}" "$GITHUB_REPOSITORY" '' "$rs_ref" "$GITHUB_SHA" \
      "$GITHUB_RUN_ID" "$rs_attempt" "$rs_page" "${GITHUB_TRIGGERING_ACTOR:-$GITHUB_ACTOR}" "$GITHUB_EVENT_NAME"
  elif [ -n "$GITLAB_CI" ]; then
    : "${rs_commit_message:=$CI_COMMIT_TITLE}"
    rs_job_started_at=$CI_JOB_STARTED_AT
    rs_ref=${CI_MERGE_REQUEST_SOURCE_BRANCH_NAME:-$CI_COMMIT_REF_NAME}
    case $CI_MERGE_REQUEST_SOURCE_PROJECT_PATH in
      '' | "$CI_PROJECT_PATH") ;;
      *) fork_branch "${CI_MERGE_REQUEST_SOURCE_PROJECT_PATH%/*}" ;;
    esac
    fill "$CI_PROJECT_NAME" "$CI_PROJECT_PATH" "$CI_ENVIRONMENT_NAME" "$rs_ref" "$CI_COMMIT_SHA" \
      "$CI_PIPELINE_ID" '' "$CI_PIPELINE_URL" "$GITLAB_USER_LOGIN" "$CI_PIPELINE_SOURCE"
  elif [ -n "$BITBUCKET_BUILD_NUMBER" ]; then
    rs_page=https://bitbucket.org/$BITBUCKET_REPO_FULL_NAME/pipelines/results/$BITBUCKET_BUILD_NUMBER
    fill "$BITBUCKET_REPO_SLUG" "$BITBUCKET_REPO_FULL_NAME" "$BITBUCKET_DEPLOYMENT_ENVIRONMENT" \
      "${BITBUCKET_BRANCH:-$BITBUCKET_TAG}" "$BITBUCKET_COMMIT" "$BITBUCKET_BUILD_NUMBER" '' "$rs_page" '' ''
  elif [ -n "$JENKINS_URL" ]; then
    rs_remote=$(repository_of "$GIT_URL")
    rs_ref=${CHANGE_BRANCH:-${BRANCH_NAME:-$GIT_BRANCH}}
    rs_ref=${rs_ref#origin/}
    [ -z "$CHANGE_FORK" ] || fork_branch "${CHANGE_FORK%%/*}"
    fill "${rs_remote##*/}" "$rs_remote" '' "$rs_ref" "$GIT_COMMIT" \
      "$BUILD_TAG" '' "$BUILD_URL" "$BUILD_USER_ID" ''
  elif [ -n "$CI_PIPELINE_NUMBER" ]; then # Woodpecker
    : "${rs_commit_message:=$CI_COMMIT_MESSAGE}"
    fill "$CI_REPO_NAME" "$CI_REPO" "$CI_PIPELINE_DEPLOY_TARGET" "${CI_COMMIT_SOURCE_BRANCH:-$CI_COMMIT_BRANCH}" \
      "$CI_COMMIT_SHA" "$CI_PIPELINE_NUMBER" '' "$CI_PIPELINE_URL" "$CI_COMMIT_AUTHOR" "$CI_PIPELINE_EVENT"
  elif [ -n "$BUILDKITE" ]; then
    rs_remote=$(repository_of "$BUILDKITE_REPO")
    rs_head=$(repository_of "$BUILDKITE_PULL_REQUEST_REPO")
    rs_ref=$BUILDKITE_BRANCH
    case $rs_head in '' | "$rs_remote") ;; *) fork_branch "${rs_head%/*}" ;; esac
    fill "${rs_remote##*/}" "$rs_remote" '' "$rs_ref" "$BUILDKITE_COMMIT" \
      "$BUILDKITE_BUILD_ID" '' "$BUILDKITE_BUILD_URL" "$BUILDKITE_BUILD_CREATOR" "$BUILDKITE_SOURCE"
  elif [ -n "$TF_BUILD" ]; then # Azure Pipelines
    rs_page="$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECTID/_build/results?buildId=$BUILD_BUILDID"
    rs_ref=${SYSTEM_PULLREQUEST_SOURCEBRANCH:-$BUILD_SOURCEBRANCH}
    rs_ref=${rs_ref#refs/heads/}
    [ "$SYSTEM_PULLREQUEST_ISFORK" != True ] || fork_branch ''
    fill "${BUILD_REPOSITORY_NAME##*/}" "$BUILD_REPOSITORY_NAME" "$ENVIRONMENT_NAME" "$rs_ref" \
      "$BUILD_SOURCEVERSION" "$BUILD_BUILDID" '' "$rs_page" "$BUILD_REQUESTEDFOR" "$BUILD_REASON"
  elif [ -n "$CIRCLECI" ]; then # A workflow that runs again is another one; the branch of a fork is pull/NUMBER.
    fill "$CIRCLE_PROJECT_REPONAME" "$CIRCLE_PROJECT_USERNAME/$CIRCLE_PROJECT_REPONAME" '' "$CIRCLE_BRANCH" \
      "$CIRCLE_SHA1" "$CIRCLE_WORKFLOW_ID" '' "$CIRCLE_BUILD_URL" "$CIRCLE_USERNAME" ''
  fi
}

fill_from_git() { # Each command may fail: git may be missing, or this may not be a repository.
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

# --- Content of a report --------------------------------------------------------------------------------------------

fields() { printf '%s\0' "$@"; } # NAME VALUE …: the input of json(); shell strings cannot contain NUL

number() { # NAME VALUE: a JSON number if VALUE is one, otherwise a string, which the dashboard rejects with a reason
  case $2 in
    '' | *[!0-9]* | 0?*) fields "$1" "$2" ;;
    *) fields "#$1" "$2" ;;
  esac
}

facts() { # TIMESTAMP: the fields of every report
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

# Reads NAME NUL VALUE NUL … and writes a JSON object in ASCII. Empty values are omitted; `#name` is a number; `{name`
# opens an object that contains the rest. Bytes that are not UTF-8 are dropped. awk only sees numbers, so that no locale
# and no version of awk can misread the text.
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

log_field() { # the end of the output from its first complete line, without the webhook secret
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

pad() { # BYTE: reads the key as decimal bytes, writes the key xor BYTE as escapes for printf %b
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

key_bytes() { # Standard Webhooks: after `whsec_` the key is base64, otherwise the secret is the key itself
  case $DASHBOARD_WEBHOOK_SECRET in
    whsec_*) printf '%s' "${DASHBOARD_WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A 2>/dev/null ;;
    *) printf '%s' "$DASHBOARD_WEBHOOK_SECRET" ;;
  esac
}

# HMAC by hand (RFC 2104): openssl takes a key only as an argument, and every user of the machine can read arguments.
# Here the key only passes through builtins and pipes.
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

member() { # NAME FILE: a member of a JSON answer: a string without its quotes, anything else unchanged up to the end
  LC_ALL=C tr '\000-\037\177' ' ' <"$2" | LC_ALL=C awk -v name="$1" '
    match($0, "\"" name "\" *: *") {
      value = substr($0, RSTART + RLENGTH)
      if (match(value, /^"([^"\\]|\\.)*"/)) { value = substr(value, 2, RLENGTH - 2); gsub(/\\"/, "\"", value) }
      print substr(value, 1, 300)
    }'
}

explain() { # FILE: a problem document in one line, or the beginning of any other file
  rs_title=$(member title "$1")
  rs_detail=$(member detail "$1")
  rs_errors=$(member errors "$1")
  if [ -n "$rs_title$rs_detail" ]; then
    printf '%s' "$rs_title${rs_detail:+: $rs_detail}${rs_errors:+ $rs_errors}"
  else
    dd bs=200 count=1 2>/dev/null <"$1"
  fi
}

try_once() { # FILE ID SECONDS: posts the file; writes .head, .answer and .trouble next to it; prints the HTTP status
  rs_at=$(date +%s)
  { # Through standard input, so that the signature and credentials in the URL are not in a process list.
    printf 'url = "%s"\nheader = "webhook-id: %s"\nheader = "webhook-timestamp: %s"\n' "$rs_url" "$2" "$rs_at"
    printf 'header = "webhook-signature: v1,%s"\n' "$(sign "$2.$rs_at." "$1")"
  } | curl -q --config - --silent --show-error --globoff --max-time "$3" --connect-timeout 5 \
    --header 'Content-Type: application/json' --header 'Expect:' --user-agent report.sh \
    --data-binary "@$1" --dump-header "$1.head" --output "$1.answer" --write-out '%{http_code}' 2>"$1.trouble"
}

pause() { # SECONDS FILE: sleeps until FILE no longer needs to be sent
  rs_slept=0
  while [ "$rs_slept" -lt "$1" ] && [ ! -e "$2.stop" ]; do
    sleep 1
    rs_slept=$((rs_slept + 1))
  done
}

next_pause() { # FILE DEFAULT: the seconds of Retry-After, DEFAULT if there are none
  rs_asked=$(awk -F: 'tolower($1) == "retry-after" { gsub(/[^0-9A-Za-z]/, "", $2); print $2 }' "$1.head" 2>/dev/null)
  case $rs_asked in
    '' | *[!0-9]* | ??????*) printf '%s' "$2" ;;
    *) printf '%s' "$rs_asked" ;;
  esac
}

# Sends FILE within SECONDS; on failure prints one line that contains WHAT. Every try has the same id, so the dashboard
# applies the report once. If the file FILE.stop exists, the tries end silently: a newer report replaces this one.
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

# --- Preparation ----------------------------------------------------------------------------------------------------

whole_number() { # VALUE DEFAULT
  case $1 in
    '' | *[!0-9]* | ?????*) printf '%s' "$2" ;;
    *) printf '%s' "$1" ;;
  esac
}

find_obstacle() { # prints the reasons why no report can be sent, or nothing
  command -v curl >/dev/null || echo 'curl is not installed'
  command -v openssl >/dev/null || echo 'openssl is not installed'
  case $(command -v printf) in */*) echo 'this shell has no builtin printf, which keeps the secret out of process lists' ;; esac
  case $rs_url in
    /api/webhook/deployment) echo 'DASHBOARD_URL is not set' ;;
    *[[:space:][:cntrl:]\"\\]*) echo 'DASHBOARD_URL is not a URL' ;;
    http://* | https://*) ;;
    *) echo 'DASHBOARD_URL must begin with https:// or http://' ;;
  esac
  if [ -z "$DASHBOARD_WEBHOOK_SECRET" ]; then
    echo 'DASHBOARD_WEBHOOK_SECRET is not set'
  elif [ "$(key_bytes | wc -c)" -eq 0 ]; then
    echo 'DASHBOARD_WEBHOOK_SECRET begins with whsec_ but the rest is not base64'
  fi
  [ -n "$rs_project" ] || echo 'the project is unknown: set --project or DASHBOARD_PROJECT'
  [ -n "$rs_run_id" ] ||
    echo 'the run is unknown: set --run-id or DASHBOARD_RUN_ID to the same value for every report of one deployment'
}

prepare() { # prints one line and returns false if no report can be sent
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
    mkdir -m 700 "$rs_tmp" 2>/dev/null || rs_obstacle="cannot create a directory in ${TMPDIR:-/tmp}"
  fi
  [ -z "$rs_obstacle" ] || { say "not reporting: $rs_obstacle" && return 1; }
  prepare_key
}

# --- Commands -------------------------------------------------------------------------------------------------------

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

copy_output() { # passes the command's output on immediately, and keeps its end in the log
  trap '' HUP INT TERM # The copies end with the output; a command may write until it has cleaned up.
  LC_ALL=C tail -c "$rs_log_bytes" <"$rs_tmp/tail" >"$rs_tmp/log" 2>/dev/null 6<&- 7<&- 8<&- &
  tee "$rs_tmp/tail" <"$rs_tmp/out" 6<&- 7<&- 8<&- &
  rs_copy=$!
  if [ "$rs_err" != "$rs_tmp/out" ]; then tee "$rs_tmp/tail" <"$rs_err" >&2 6<&- 7<&- 8<&- & fi
  exec 7<&- 8<&-
  wait "$rs_copy"
  wait "$!" 2>/dev/null # May be the same process, which makes bash print a message.
  exec 6<&- # Only now may tail reach the end.
  wait
  (: >"$rs_tmp/copied") 2>/dev/null
}

await_output() { # A service left running by the step may keep the output open forever: then no log is sent.
  rs_turn=0
  while [ ! -e "$rs_tmp/copied" ] && [ "$rs_turn" -lt 50 ]; do
    sleep 0.02 2>/dev/null || { sleep 1 && rs_turn=$((rs_turn + 49)); }
    rs_turn=$((rs_turn + 1))
  done
  [ -e "$rs_tmp/copied" ] || rs_log=never
}

start_command() { # COMMAND…: in the background, because a shell handles signals only while it waits; sets rs_pid
  # Background commands of a shell ignore INT. GNU env can undo that; without it INT is passed on as TERM.
  if env --default-signal=INT,QUIT true 2>/dev/null; then
    set -- env --default-signal=INT,QUIT "$@"
    rs_interrupt=INT
  fi
  mkfifo "$rs_tmp/out" "$rs_tmp/err" "$rs_tmp/tail" 2>/dev/null || rs_log=never # Some file systems have no named pipes.
  if [ -n "$rs_caught" ]; then
    return # Cancelled before it started.
  elif [ "$rs_log" = never ]; then
    { "$@" <&9 9<&- & rs_pid=$!; } 9<&0
  else
    rs_err=$rs_tmp/err
    # If both are one file, for example a terminal, a single pipe keeps the order of the lines.
    # shellcheck disable=SC3013 # In POSIX since 2024, and in every shell before.
    if [ /dev/fd/1 -ef /dev/fd/2 ]; then rs_err=$rs_tmp/out; fi
    { # 6, 7 and 8 are open for reading and writing, so that no process waits for the other end of a pipe. That wait
      # could be interrupted by a signal, or last forever if the other process dies. Each process closes them later.
      copy_output 9<&- &
      "$@" <&9 >"$rs_tmp/out" 2>"$rs_err" 6<&- 7<&- 8<&- 9<&- &
      rs_pid=$!
    } 6<>"$rs_tmp/tail" 7<>"$rs_err" 8<>"$rs_tmp/out" 9<&0
  fi
}

pass_on() { # SIGNAL STATUS: sends the signal to the command; STATUS is the exit status if the real one is lost
  rs_caught=$1
  rs_killed=$2
  rs_signals=$((rs_signals + 1))
  [ -z "$rs_pid" ] || kill -s "$1" "$rs_pid" 2>/dev/null
}

await_command() { # sets rs_code; a signal ends a wait early, so it waits again
  rs_seen=$rs_signals
  wait "$rs_pid" 2>/dev/null
  rs_code=$?
  while [ "$rs_signals" -ne "$rs_seen" ]; do
    rs_seen=$rs_signals
    wait "$rs_pid" 2>/dev/null
    rs_code=$?
  done
  # dash and bash return these when they have lost the status because the command ended at the same moment.
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
    [ "$rs_timeout" -le 5 ] || rs_timeout=5 # A CI system that cancels a run kills what does not end soon.
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

set_word() { # the only argument that is not an option: the name of a step, or the status of finish
  case $rs_verb$rs_name$rs_status in
    step) rs_name=$1 ;;
    finish) rs_status=$1 ;;
    *) misuse "unexpected \"$1\": put -- before a command, and quotes around a name with spaces" ;;
  esac
}

read_status() { # An exit status is accepted as well as a word.
  case $rs_status in
    *[!0-9]* | '') ;;
    0) rs_status=success ;;
    *) rs_error=${rs_error:-exit status $rs_status} && rs_status=failed ;;
  esac
}

rs_verb=$1
rs_job_started_at=
rs_log=failed
rs_log_bytes=65536
rs_interrupt=TERM
rs_signals=0
case $rs_verb in
  start | finish | step) shift ;;
  -h | --help | help) usage && exit 0 ;;
  *) misuse "expected start, finish or step, not \"$rs_verb\"" ;;
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
    # The start of the job distinguishes a retried job from the first one; an earlier start of the deployment counts before it.
    prepare && report_deployment "$rs_status" "$rs_job_started_at" "$(now)"
    ;;
  step,0)
    { [ -n "$rs_name" ] && [ -n "$rs_status" ]; } || misuse 'step needs a name, and a command after -- or --status'
    prepare && report_step_alone
    ;;
  step,1) misuse 'no command after --' ;;
  step,*)
    [ -n "$rs_name" ] || misuse 'step needs a name'
    shift
    prepare || exec env "$@"
    run_step "$@"
    ;;
  *) misuse "only step takes a command" ;;
esac
exit 0
