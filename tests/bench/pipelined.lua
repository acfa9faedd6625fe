-- For wrk: each write holds as many requests as the first argument says (16 without one).
function init(args)
  local one = wrk.format("GET")
  batch = one:rep(tonumber(args[1]) or 16)
end

function request()
  return batch
end
