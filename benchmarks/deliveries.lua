-- The load of the ingest benchmark: wrk -s deliveries.lua URL -- TOKEN TEMPLATES TAG TOGETHER
--
-- TEMPLATES holds one body per line, the stages of a deployment. TOGETHER deployments are reported on in turn, stage by
-- stage; when they are over, the next ones begin. With one line and 1 together every request is a deployment of its own.
-- TAG keeps the deployments and idempotency keys of one run apart from those of another.

local PROJECTS = 300
local stages, number = {}, -1
local headers = {["Content-Type"] = "application/json"}
local tag, together

function init(args)
  headers["Authorization"] = "Bearer " .. args[1]
  for line in io.lines(args[2]) do
    stages[#stages + 1] = line
  end
  tag, together = args[3], tonumber(args[4])
end

function request()
  number = number + 1
  local turn = math.floor(number / together)
  local deployment = math.floor(turn / #stages) * together + number % together
  local values = {
    project = string.format("bench-%03d", deployment % PROJECTS),
    run = string.format("%s-%08d", tag, deployment),
    -- Each is later than the one before it.
    time = os.date("!%Y-%m-%dT%H:%M:%S") .. string.format(".%06dZ", number % 1000000),
  }
  headers["Idempotency-Key"] = string.format("%s-%08d", tag, number)
  return wrk.format("POST", nil, headers, (stages[turn % #stages + 1]:gsub("%$(%l+)", values)))
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests": %d, "microseconds": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "broken": %d, "late": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write, errors.timeout
  ))
end
