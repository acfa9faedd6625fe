#include "config/directive.h"

#include <iterator>

#include "process/application.h"
#include "shm/address_table.h"

namespace oklo::config {

namespace {

constexpr uint64_t kMs = 1, kSecond = 1000, kHour = 3'600'000, kDay = 86'400'000;
constexpr uint64_t kAny32 = UINT32_MAX, kAny64 = UINT64_MAX;
constexpr uint64_t kMega = 1 << 20, kGiga = 1 << 30;

constexpr Choice kModes[] = {{"base", static_cast<uint64_t>(ServerMode::base)},
                             {"process", static_cast<uint64_t>(ServerMode::process)}};
constexpr Choice kDispatches[] = {{"connection", static_cast<uint64_t>(Dispatch::connection)},
                                  {"round_robin", static_cast<uint64_t>(Dispatch::round_robin)},
                                  {"idle", static_cast<uint64_t>(Dispatch::idle)},
                                  {"peer", static_cast<uint64_t>(Dispatch::peer)}};
constexpr Choice kDeaths[] = {{"close", static_cast<uint64_t>(OnWorkerDeath::close)},
                              {"lose", static_cast<uint64_t>(OnWorkerDeath::lose)},
                              {"redeliver", static_cast<uint64_t>(OnWorkerDeath::redeliver)}};
constexpr Choice kFormats[] = {{"common", static_cast<uint64_t>(LogFormat::common)},
                               {"json", static_cast<uint64_t>(LogFormat::json)}};
constexpr Choice kWatchdogs[] = {{"log", static_cast<uint64_t>(WatchdogAction::log)},
                                 {"replace", static_cast<uint64_t>(WatchdogAction::replace)}};
constexpr Choice kSlow[] = {{"close", static_cast<uint64_t>(SlowReceiver::close_1013)},
                            {"drop_oldest", static_cast<uint64_t>(SlowReceiver::drop_oldest)}};
constexpr Choice kOff[] = {{"off"}};
constexpr Choice kWidths[] = {{"off", 0}, {"1", 1}, {"2", 2}, {"3", 3}, {"4", 4}, {"8", 8}};
constexpr Choice kOrders[] = {{"big", static_cast<uint64_t>(StreamFraming::ByteOrder::big)},
                              {"little", static_cast<uint64_t>(StreamFraming::ByteOrder::little)}};
constexpr Choice kCounts[] = {{"payload", static_cast<uint64_t>(StreamFraming::Counts::payload)},
                              {"message", static_cast<uint64_t>(StreamFraming::Counts::message)}};

template <auto kMember>
constexpr Destination to_address = to_server<&ServerOptions::per_address, kMember>;

constexpr unsigned kOfFiles = bit(Answer::files);
constexpr unsigned kOfWebSockets = bit(Answer::room) | bit(Answer::echo);
constexpr unsigned kWithFields = kOfFiles | kOfWebSockets | bit(Answer::text) | bit(Answer::redirect);

constexpr Directive kDirectives[] = {
    {"include", kEverywhere, Type::include, {}, {},
     "reads other files in this place, in the order of their names; a pattern may fit none"},

    {"listen", kTop, Type::listen, {}, {},
     "serves at an address: 8080 or :8080 (all addresses), 127.0.0.1:8080, [::1]:8080, unix:/path; or at a "
     "socket that a service manager passes, fd:NAME or fd:3"},
    {"mode", kTop, Type::choice, to_server<&ServerOptions::mode>, {},
     "who owns the connections: the workers, or a gate in front of them, so that a worker that dies or is "
     "replaced closes none; OKLO_MODE in the environment is stronger", kModes},
    {"workers", kTop, Type::count, to_server<&ServerOptions::workers>, {1, kWorkersMax, "auto"},
     "processes that serve; auto is one for each processor that may be used"},
    {"reactor_threads", kTop, Type::count, to_server<&ServerOptions::reactor_threads>, {1, 64, "auto"},
     "of the gate, in process mode; auto is half as many as there are processors"},
    {"dispatch", kTop, Type::choice, to_server<&ServerOptions::dispatch>, {},
     "in process mode, which worker gets a message: that of its connection, one after another, the one that "
     "has the least to do, or that of the client's address", kDispatches},
    {"on_worker_death", kTop, Type::choice, to_server<&ServerOptions::on_worker_death>, {},
     "in process mode, what becomes of the message that a worker had when it died: its connection is closed, "
     "it is lost, or another worker gets it", kDeaths},
    {"user", kTop, Type::user, to_server<&ServerOptions::user>, {},
     "whom the workers run as, a name or a number; who starts oklo as root without it has them run as 65534"},
    {"group", kTop, Type::group, to_server<&ServerOptions::group>, {},
     "the group of the workers, a name or a number, in place of that of the user"},
    {"chroot", kTop, Type::directory, to_server<&ServerOptions::chroot>, {},
     "the root directory of the workers; the directories of files are in it, but not control, pid_file and "
     "the logs"},
    {"control", kTop, Type::file, to_server<&ServerOptions::control>, {},
     "the socket that commands go through; without it oklo-PORT.sock in /run or XDG_RUNTIME_DIR", kOff},
    {"pid_file", kTop, Type::file, to_server<&ServerOptions::pid_file>, {0, 0, "off"},
     "holds the pid of the master, and is locked as long as it runs"},
    {"error_log", kTop, Type::log, to_server<&ServerOptions::error_log>, {},
     "where it is logged what happens to the service; as syslog also syslog:FACILITY, syslog:/PATH (of the "
     "daemon's socket) and syslog:FACILITY:/PATH"},
    {"access_log", kTop, Type::log, to_server<&ServerOptions::access_log>, {},
     "where each answer is logged; the same words"},
    {"access_log_format", kTop, Type::choice, to_server<&ServerOptions::access_log_format>, {},
     "the common log format, or an object of JSON a line", kFormats},
    {"shutdown_timeout", kTop, Type::time, to_server<&ServerOptions::shutdown_timeout_ms>,
     {kSecond, 7 * kDay},
     "how long a graceful stop may take, and an old worker after a reload"},
    {"connections", kTop, Type::count, to_server<&ServerOptions::connections_max>, {1, kAny32, "auto"},
     "of all workers together; auto is as many as the limit of open files allows, which root raises for a "
     "number"},
    {"address_connections", kTop, Type::count, to_address<&AddressLimits::connections>, {1, kAny32, "off"},
     "that one address may have at a time, at all listeners together; one more is closed; an IPv6 address "
     "counts with all of its /64"},
    {"address_requests", kTop, Type::count, to_address<&AddressLimits::requests_s>,
     {1, AddressTable::kRequestsMax, "off"},
     "that one address may ask in a second; more is 429; a connection of tcp counts as one, and more is "
     "closed, as does a datagram of udp, and more is dropped"},
    {"address_burst", kTop, Type::count, to_address<&AddressLimits::burst>,
     {1, AddressTable::kBurstMax, "auto"},
     "requests that one address may ask at once after a silence; auto is as many as address_requests"},
    {"addresses", kTop, Type::count, to_address<&AddressLimits::addresses>, {1, AddressTable::kAddressesMax},
     "that are remembered for these limits at a time"},
    {"address_except", kTop, Type::networks, to_address<&AddressLimits::except>, {},
     "the networks whose addresses have none of these limits"},
    {"max_requests", kTop, Type::count, to_server<&ServerOptions::max_requests>, {1, kAny64, "off"},
     "after so many requests, messages and datagrams a worker is replaced, its successor first"},
    {"affinity", kTop, Type::flag, to_server<&ServerOptions::affinity>, {},
     "each worker runs on one processor of its own"},
    {"watchdog", kTop, Type::time, to_server<&ServerOptions::watchdog_ms>, {kMs, kHour, "off"},
     "a worker that is busy for longer without coming back to its Reactor is told in the log, with what it "
     "does"},
    {"watchdog_action", kTop, Type::choice, to_server<&ServerOptions::watchdog_action>, {},
     "whether such a worker is also killed and replaced", kWatchdogs},
    {"tasks", kTop, Type::count, to_server<&ServerOptions::task_workers>, {1, 64, "off"},
     "task workers: processes for slow work"},
    {"task_queue", kTop, Type::count, to_server<&ServerOptions::task_queue>, {1, 65536},
     "tasks that may be under way"},
    {"task_bytes", kTop, Type::size, to_server<&ServerOptions::task_bytes_max>, {0, 64 * kMega},
     "of what a task is asked with, and of its result"},
    {"task_max_requests", kTop, Type::count, to_server<&ServerOptions::task_max_requests>, {1, kAny64, "off"},
     "after so many tasks a task worker is replaced"},

    {"route", kHttp, Type::route, {}, {},
     "what answers a path, whose parts may be :name (one part) or, as the last, *name (all the rest); the "
     "most literal pattern wins, in whatever order they stand"},
    {"header", kHttp, Type::field, to_listener<&Listener::fields>, {},
     "a field of the answers of all routes but those that tell of the service"},
    {"request_line_bytes", kHttp, Type::size, to_http<&HttpLimits::request_line_bytes>, {1, 16'000},
     "of the first line of a request; more is 414"},
    {"header_bytes", kHttp, Type::size, to_http<&HttpLimits::header_bytes>, {1, 16'000},
     "of all fields of a request; more is 431"},
    {"header_count", kHttp, Type::count, to_http<&HttpLimits::header_count>, {1, 128},
     "fields of a request; more is 431"},
    {"body_bytes", kHttp, Type::size, to_http<&HttpLimits::body_bytes>, {0, kGiga},
     "of the body of a request; more is 413"},
    {"header_time", kHttp, Type::time, to_http<&HttpLimits::header_time_ms>, {kMs, kHour},
     "from the first byte of a request to the end of its fields; longer is 408"},
    {"body_rate", kHttp, Type::size, to_http<&HttpLimits::body_rate_bytes_s>, {0, kGiga},
     "bytes of a body in a second; slower is 408"},
    {"body_window", kHttp, Type::time, to_http<&HttpLimits::body_window_ms>, {kMs, kHour},
     "the time over which body_rate is looked at"},
    {"idle_time", kHttp, Type::time, to_http<&HttpLimits::idle_time_ms>, {kMs, kDay},
     "between two requests of a connection; then it is closed"},
    {"write_stall", kHttp, Type::time, to_http<&HttpLimits::write_stall_ms>, {kMs, kDay},
     "in which a client takes no byte of its answer; then it is closed"},
    {"requests", kHttp, Type::count, to_http<&HttpLimits::requests>, {1, kAny32},
     "on one connection; the last answer closes it"},
    {"queue_bytes", kHttp, Type::size, to_http<&HttpLimits::queue_bytes>, {1, kAny32},
     "of answers that wait to be sent; more closes the connection"},

    {"allow", kHttp | kTcp, Type::rule, to_entrance<&Entrance::access>, {},
     "who may come in: 10.0.0.0/8, 2001:db8::1, all, unix (over a unix socket); the first of allow and deny "
     "that has a client decides, and for others holds the opposite of the last"},
    {"deny", kHttp | kTcp, Type::rule, to_entrance<&Entrance::access>, {},
     "who may not come in, and is closed at once"},
    {"proxy_protocol", kHttp | kTcp, Type::networks, to_entrance<&Entrance::proxy_protocol>, {},
     "the proxies that say for whom they come in a header of the PROXY protocol, version 1 or 2; they must, "
     "and nobody else may come in"},
    {"proxy_time", kHttp | kTcp, Type::time, to_entrance<&Entrance::proxy_time_ms>, {kMs, kHour},
     "how long that header may take; then it is closed"},

    {"echo", kTcp | kUdp, Type::mark, {}, {}, "sends back what comes", {}, Answer::echo},
    {"delimiter", kTcp, Type::text, to_listener<&Listener::delimiter>, {1, Delimiter::kBytesMax},
     "the bytes that end a message, as in \"\\r\\n\"; without it, fixed_bytes and length_bytes, what comes "
     "is one"},
    {"fixed_bytes", kTcp, Type::size, to_framing<&StreamFraming::fixed_bytes>, {1, kGiga, "off"},
     "the bytes of each message"},
    {"length_bytes", kTcp, Type::choice, to_listener<&Listener::length_bytes>, {},
     "the bytes of the number in a message that says how long it is", kWidths},
    {"length_at", kTcp, Type::size, to_framing<&StreamFraming::length_at>, {0, kGiga},
     "where that number stands in the message"},
    {"length_header", kTcp, Type::size, to_framing<&StreamFraming::header_bytes>, {1, kGiga, "auto"},
     "the bytes in front of the payload; auto is up to the end of the number"},
    {"length_order", kTcp, Type::choice, to_framing<&StreamFraming::length_order>, {},
     "whether the first byte of the number is its highest or its lowest", kOrders},
    {"length_counts", kTcp, Type::choice, to_framing<&StreamFraming::length_counts>, {},
     "whether it is the size of the payload or of the whole message", kCounts},
    {"length_adjust", kTcp, Type::difference, to_framing<&StreamFraming::length_adjust>, {0, kGiga},
     "what is added to the number"},
    {"message_bytes", kTcp, Type::size, to_framing<&StreamFraming::message_bytes_max>, {1, kGiga},
     "of a message, with its delimiter or header; more closes the connection"},
    {"idle_time", kTcp, Type::time, to_stream<&StreamOptions::idle_time_ms>, {kMs, 7 * kDay, "off"},
     "a connection on which nothing came for so long is closed"},
    {"write_stall", kTcp, Type::time, to_stream<&StreamOptions::write_stall_ms>, {kMs, kDay},
     "in which a client takes no byte of what waits; then it is closed"},
    {"high_water", kTcp, Type::size, to_stream<&StreamOptions::high_water>, {0, kAny32},
     "when more waits to be sent to a client, nothing more is read from it"},
    {"low_water", kTcp, Type::size, to_stream<&StreamOptions::low_water>, {0, kAny32},
     "when no more than this waits, it is read from again"},
    {"queue_bytes", kTcp, Type::size, to_stream<&StreamOptions::queue_bytes>, {1, kAny32},
     "that wait to be sent; more closes the connection"},
    {"keepalive", kTcp, Type::seconds, to_stream<&StreamOptions::keepalive_s>, {1, 32'767, "off"},
     "after so long a silence TCP asks the client whether it is there"},
    {"nodelay", kTcp, Type::flag, to_stream<&StreamOptions::nodelay>, {},
     "small pieces leave at once (TCP_NODELAY)"},
    {"backlog", kTcp, Type::count, to_stream<&StreamOptions::backlog>, {1, INT32_MAX},
     "connections that may wait to be accepted"},

    {"packet_bytes", kUdp, Type::size, to_datagram<&DatagramOptions::packet_bytes>, {1, kMega},
     "of a datagram that are kept"},
    {"receive_buffer", kUdp, Type::size, to_datagram<&DatagramOptions::receive_buffer_bytes>,
     {1, INT32_MAX, "auto"}, "bytes that may wait in the kernel (SO_RCVBUF); auto is as the kernel is set"},
    {"allow", kUdp, Type::rule, to_datagram<&DatagramOptions::access>, {},
     "who may send: 10.0.0.0/8, 2001:db8::1, all, unix (over a unix socket); the first of allow and deny "
     "that has a client decides, and for others holds the opposite of the last"},
    {"deny", kUdp, Type::rule, to_datagram<&DatagramOptions::access>, {},
     "who may not send; what comes from there is dropped"},

    {"files", kRoute, Type::served, to_route<&Route::directory>, {},
     "the files of a directory, at the pattern and below it", {}, Answer::files},
    {"index", kRoute, Type::name, to_files<&FilesOptions::index>, {1, 255, "off"},
     "the file that is sent for a directory", {}, Answer::none, kOfFiles},
    {"listing", kRoute, Type::flag, to_files<&FilesOptions::listing>, {},
     "a directory without an index is listed", {}, Answer::none, kOfFiles},
    {"status", kRoute, Type::mark, {}, {},
     "the state of the service as JSON, as oklo status --json prints it; for this host alone, unless allow "
     "says who may ask", {}, Answer::status},
    {"metrics", kRoute, Type::mark, {}, {},
     "the same for Prometheus, as oklo metrics prints it; who may ask, as for status", {}, Answer::metrics},
    {"connections", kRoute, Type::mark, {}, {},
     "the open connections as JSON, of which a query tells, as ?sort=queue&limit=20; who may ask, as for "
     "status", {}, Answer::connections},
    {"healthz", kRoute, Type::mark, {}, {},
     "200 as long as a worker answers; who may ask, as for status", {}, Answer::healthz},
    {"readyz", kRoute, Type::mark, {}, {},
     "200 when the service is ready, and 503 while it stops; who may ask, as for status", {},
     Answer::readyz},
    {"text", kRoute, Type::text, to_route<&Route::text>, {0, 65'535},
     "this text, as text/plain unless a header says another Content-Type", {}, Answer::text},
    {"redirect", kRoute, Type::redirect, to_route<&Route::location>, {},
     "leads elsewhere, with 301, 302, 303, 307 or 308; 302 where none is said", {}, Answer::redirect},
    {"room", kRoute, Type::name, to_route<&Route::room>, {1, Room::kNameBytesMax},
     "a WebSocket joins the room of this name, and all who are there hear what it says, up to 255k at once",
     {}, Answer::room},
    {"echo", kRoute, Type::mark, {}, {}, "a WebSocket gets back what it sends", {}, Answer::echo},
    {"header", kRoute, Type::field, to_route<&Route::fields>, {}, "a field of the answers", {}, Answer::none,
     kWithFields},
    {"allow", kRoute, Type::rule, to_route<&Route::access>, {},
     "who may ask: 10.0.0.0/8, 2001:db8::1, all, unix; the first of allow and deny that has a client "
     "decides, and for others holds the opposite of the last"},
    {"deny", kRoute, Type::rule, to_route<&Route::access>, {}, "who may not ask, and gets 403"},
    {"message_bytes", kRoute, Type::size, to_websocket<&WebSocketOptions::message_bytes>, {1, kAny32},
     "of a message that comes; more closes with 1009", {}, Answer::none, kOfWebSockets},
    {"ping", kRoute, Type::time, to_websocket<&WebSocketOptions::ping_ms>, {kMs, kDay, "off"},
     "after so long a silence the client is asked whether it is there; after as long again it is not", {},
     Answer::none, kOfWebSockets},
    {"idle_time", kRoute, Type::time, to_websocket<&WebSocketOptions::idle_ms>, {kMs, kDay, "off"},
     "a WebSocket without a message for so long is closed with 1001", {}, Answer::none, kOfWebSockets},
    {"queue_bytes", kRoute, Type::size, to_websocket<&WebSocketOptions::queue_bytes>, {1024, kAny32},
     "of messages that wait for a client that takes them too slowly", {}, Answer::none, kOfWebSockets},
    {"slow_receiver", kRoute, Type::choice, to_websocket<&WebSocketOptions::slow_receiver>, {},
     "when its queue is full, it is closed with 1013, or the oldest messages are dropped", kSlow,
     Answer::none, kOfWebSockets},
    {"origins", kRoute, Type::texts, to_websocket<&WebSocketOptions::origins>, {},
     "the pages that may open a WebSocket, as https://example.org; without it all may", {}, Answer::none,
     kOfWebSockets},
    {"same_origin", kRoute, Type::flag, to_websocket<&WebSocketOptions::same_origin>, {},
     "the pages of the host that is asked may, too, and where there are no origins they alone", {},
     Answer::none, kOfWebSockets},
    {"subprotocols", kRoute, Type::texts, to_websocket<&WebSocketOptions::subprotocols>, {},
     "the first one that the client offers is chosen", {}, Answer::none, kOfWebSockets},
};

}  // namespace

std::span<const Directive> directives() { return kDirectives; }

const Directive* find_directive(std::string_view name, Block block) {
  for (const Directive& directive : kDirectives)
    if (directive.name == name && (directive.blocks & block)) return &directive;
  return nullptr;
}

std::vector<std::string_view> names_of_answers(Block block, unsigned answers) {
  std::vector<std::string_view> names;
  for (const Directive& directive : kDirectives)
    if ((directive.blocks & block) && directive.answer != Answer::none && (bit(directive.answer) & answers))
      names.push_back(directive.name);
  return names;
}

std::string_view block_name(Block block) {
  switch (block) {
    case kTop: return "the top";
    case kHttp: return "listen http";
    case kTcp: return "listen tcp";
    case kUdp: return "listen udp";
    default: return "route";
  }
}

}  // namespace oklo::config
