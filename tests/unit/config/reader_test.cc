#include "config/reader.h"

#include <doctest/doctest.h>

#include <string>

using namespace oklo;
using namespace oklo::config;

namespace {

struct Outcome {
  Config config;
  std::string faults;  // without their lines and carets
};

Outcome read(std::string text) {
  Faults faults;
  faults.add_source("/f", std::move(text));
  codec::ConfigLexer::Lookup nothing = [](std::string_view) { return std::nullopt; };
  std::vector<Statement> statements = read_syntax(faults, 0, nothing);
  Outcome outcome{read_meaning(faults, statements).config, ""};
  std::string all = faults.to_text();
  for (size_t at = 0; at < all.size(); at = all.find('\n', at) + 1) {
    std::string line = all.substr(at, all.find('\n', at) + 1 - at);
    if (!line.starts_with("    ")) outcome.faults += line;
  }
  return outcome;
}

constexpr std::string_view kSite = "listen http :0 { route / { status } }";

// What is wrong with a line at the top, beside a listener that is right.
std::string at_top(const std::string& line) { return read(line + "\n" + std::string(kSite)).faults; }
std::string in_tcp(const std::string& words) { return read("listen tcp :0 { echo; " + words + " }").faults; }
std::string in_http(const std::string& words) {
  return read("listen http :0 { route / { status }; " + words + " }").faults;
}
std::string in_route(const std::string& words) {
  return read("listen http :0 { route / { " + words + " } }").faults;
}

Route route_of(const std::string& words) {
  Outcome outcome = read("listen http :0 { route /a { " + words + " } }");
  CHECK(outcome.faults == "");
  REQUIRE(outcome.config.listeners.size() == 1);
  REQUIRE(outcome.config.listeners[0].routes.size() == 1);
  return outcome.config.listeners[0].routes[0];
}

}  // namespace

TEST_CASE("config/reader: without directives all is as the library has it") {
  Outcome outcome = read(std::string(kSite));
  CHECK(outcome.faults == "");
  CHECK(outcome.config.server == ServerOptions());
  REQUIRE(outcome.config.listeners.size() == 1);
  CHECK(outcome.config.listeners[0].http == HttpLimits());
  CHECK(outcome.config.listeners[0].stream == StreamOptions());
}

TEST_CASE("config/reader: the server") {
  Outcome outcome = read(
      "mode process; workers 3; reactor_threads auto; dispatch idle; on_worker_death redeliver; user "
      "www:www; group adm\n"
      "control off; pid_file /run/p; error_log syslog:local0; access_log a/b; access_log_format json\n"
      "shutdown_timeout 5m\n"
      "connections 1000; max_requests 5; affinity on; watchdog 500ms; watchdog_action replace; tasks 2\n"
      "task_queue 7; task_bytes 2M; task_max_requests off\n" +
      std::string(kSite));
  CHECK(outcome.faults == "");
  const ServerOptions& server = outcome.config.server;
  CHECK(server.mode == ServerMode::process);
  CHECK(server.workers == 3);
  CHECK(server.reactor_threads == 0);
  CHECK(server.dispatch == Dispatch::idle);
  CHECK(server.on_worker_death == OnWorkerDeath::redeliver);
  CHECK(server.user == "www:www");
  CHECK(server.group == "adm");
  CHECK(server.control == "off");
  CHECK(server.pid_file == "/run/p");
  CHECK(server.error_log == "syslog:local0");
  CHECK(server.access_log == "/a/b");
  CHECK(server.access_log_format == LogFormat::json);
  CHECK(server.shutdown_timeout_ms == 300'000);
  CHECK(server.connections_max == 1000);
  CHECK(server.max_requests == 5);
  CHECK(server.affinity);
  CHECK(server.watchdog_ms == 500);
  CHECK(server.watchdog_action == WatchdogAction::replace);
  CHECK(server.task_workers == 2);
  CHECK(server.task_queue == 7);
  CHECK(server.task_bytes_max == 2u << 20);
  CHECK(server.task_max_requests == 0);
}

TEST_CASE("config/reader: listeners of each kind with their options") {
  Outcome outcome = read(
      "listen http 127.0.0.1:80 { idle_time 1m; body_bytes 64k; header X-A b; header X-B \"c d\"; route / { "
      "echo } }\n"
      "listen tcp [::1]:81 { echo; delimiter \"\\r\\n\"; message_bytes 4k; keepalive 2m; nodelay off; "
      "idle_time off;\n"
      "  high_water 2M; low_water 1M; backlog 9; queue_bytes 3M; write_stall 1s }\n"
      "listen tcp :82 { echo; fixed_bytes 16 }\n"
      "listen tcp :83 { echo; fixed_bytes off; length_bytes 2; length_at 1; length_header 4\n"
      "  length_order little; length_counts message; length_adjust -3 }\n"
      "listen udp unix:/run/x { echo; packet_bytes 512; receive_buffer 1M }\n");
  CHECK(outcome.faults == "");
  const std::vector<Listener>& all = outcome.config.listeners;
  REQUIRE(all.size() == 5);
  CHECK(all[0].kind == Listener::Kind::http);
  CHECK(all[0].address == "127.0.0.1:80");
  CHECK(all[0].http.idle_time_ms == 60'000);
  CHECK(all[0].http.body_bytes == 65'536);
  CHECK(all[0].fields == std::vector<Field>{{"X-A", "b"}, {"X-B", "c d"}});
  CHECK(all[1].answer == Answer::echo);
  CHECK(all[1].stream.framing.kind == StreamFraming::Kind::delimiter);
  CHECK(all[1].stream.framing.delimiter.view() == "\r\n");
  CHECK(all[1].stream.framing.keep_delimiter);
  CHECK(all[1].stream.framing.message_bytes_max == 4096);
  CHECK(all[1].stream.keepalive_s == 120);
  CHECK_FALSE(all[1].stream.nodelay);
  CHECK(all[1].stream.high_water == 2u << 20);
  CHECK(all[1].stream.backlog == 9);
  CHECK(all[2].stream.framing.kind == StreamFraming::Kind::fixed);
  CHECK(all[2].stream.framing.fixed_bytes == 16);
  const StreamFraming& framing = all[3].stream.framing;
  CHECK(framing.kind == StreamFraming::Kind::length_field);
  CHECK(framing.length_bytes == 2);
  CHECK(framing.length_at == 1);
  CHECK(framing.header_bytes == 4);
  CHECK(framing.length_order == StreamFraming::ByteOrder::little);
  CHECK(framing.length_counts == StreamFraming::Counts::message);
  CHECK(framing.length_adjust == -3);
  CHECK(framing.keep_header);
  CHECK(all[4].kind == Listener::Kind::udp);
  CHECK(all[4].datagram.packet_bytes == 512);
  CHECK(all[4].datagram.receive_buffer_bytes == 1u << 20);
}

TEST_CASE("config/reader: routes of each answer with their options") {
  Route files = route_of("files www; index off; listing on; header Cache-Control no-cache");
  CHECK(files.pattern == "/a");
  CHECK(files.answer == Answer::files);
  CHECK(files.directory == "/www");
  CHECK(files.files.index.empty());
  CHECK(files.files.listing);
  CHECK(files.fields == std::vector<Field>{{"Cache-Control", "no-cache"}});
  CHECK(route_of("status").answer == Answer::status);
  CHECK(route_of("metrics; allow 10.0.0.0/8").answer == Answer::metrics);
  CHECK(route_of("connections").answer == Answer::connections);
  CHECK(route_of("healthz").answer == Answer::healthz);
  CHECK(route_of("readyz").answer == Answer::readyz);
  CHECK(route_of("text \"\"").answer == Answer::text);
  CHECK(route_of("text a").text == "a");
  Route redirect = route_of("redirect https://example.org/ 308");
  CHECK(redirect.location == "https://example.org/");
  CHECK(redirect.redirect_status == 308);
  CHECK(route_of("redirect /x").redirect_status == 302);
  Route room = route_of(
      "room lobby; ping off; idle_time 1h; message_bytes 1k; queue_bytes 1M; same_origin on;"
      "slow_receiver drop_oldest; origins https://a.b https://c; origins http://d;"
      "subprotocols x y");
  CHECK(room.answer == Answer::room);
  CHECK(room.room == "lobby");
  CHECK(room.websocket.ping_ms == 0);
  CHECK(room.websocket.idle_ms == 3'600'000);
  CHECK(room.websocket.message_bytes == 1024);
  CHECK(room.websocket.slow_receiver == SlowReceiver::drop_oldest);
  CHECK(room.websocket.origins.size() == 3);
  CHECK(room.websocket.same_origin);
  CHECK(room.websocket.subprotocols == std::vector<std::string>{"x", "y"});
}

TEST_CASE("config/reader: who may come in, and for whom a proxy comes") {
  Outcome outcome = read(
      "listen http :80 { proxy_protocol 127.0.0.1 10.0.0.0/8; proxy_time 2s; deny 192.0.2.7; allow all\n"
      "  route / { status; allow ::1 127.0.0.0/8; deny unix } }\n"
      "listen tcp :81 { echo; proxy_protocol unix; proxy_protocol ::1; allow 2001:db8::/32 }\n");
  CHECK(outcome.faults == "");
  REQUIRE(outcome.config.listeners.size() == 2);
  const Listener& http = outcome.config.listeners[0];
  CHECK(http.http.entrance.access == std::vector<std::string>{"deny 192.0.2.7", "allow all"});
  CHECK(http.http.entrance.proxy_protocol == std::vector<std::string>{"127.0.0.1", "10.0.0.0/8"});
  CHECK(http.http.entrance.proxy_time_ms == 2000);
  CHECK(http.routes[0].access == std::vector<std::string>{"allow ::1", "allow 127.0.0.0/8", "deny unix"});
  const Listener& tcp = outcome.config.listeners[1];
  CHECK(tcp.stream.entrance.access == std::vector<std::string>{"allow 2001:db8::/32"});
  CHECK(tcp.stream.entrance.proxy_protocol == std::vector<std::string>{"unix", "::1"});
  CHECK(tcp.http.entrance == Entrance());
}

TEST_CASE("config/reader: networks that are none") {
  CHECK(in_tcp("allow") == "/f:1:23: allow takes NETWORK...\n");
  CHECK(in_tcp("allow ::1 10.0.0.1/8") ==
        "/f:1:33: bad network \"10.0.0.1/8\": there are bits behind the prefix; is it 10.0.0.0/8?\n");
  CHECK(in_tcp("deny al").ends_with("or all, or unix; did you mean all?\n"));
  CHECK(in_http("proxy_protocol uinx").ends_with("did you mean unix?\n"));
  CHECK(in_http("proxy_protocol localhost").ends_with("with /BITS, or all, or unix\n"));
  CHECK(in_http("proxy_time 0").starts_with("/f:1:49: proxy_time takes a time from 1ms to 1h"));
  CHECK(in_route("status; deny 1.2.3").starts_with("/f:1:41: bad network \"1.2.3\""));
  CHECK(at_top("address_except 10.0.0.0/33").ends_with("the prefix has 0 to 32 bits\n"));
  CHECK(at_top("allow all") ==
        "/f:1:1: allow stands in listen http or in listen tcp or in listen udp or in route, not at the "
        "top\n");
  CHECK(read("listen udp :0 { echo; proxy_protocol all }").faults ==
        "/f:1:23: proxy_protocol stands in listen http or in listen tcp, not in listen udp\n");
  CHECK(read("listen udp :0 { echo; deny 1.2.3 }").faults.starts_with("/f:1:28: bad network \"1.2.3\""));
}

TEST_CASE("config/reader: limits of one address") {
  Outcome outcome = read("address_connections 20; address_requests 100; address_burst auto; addresses 1000\n"
                         "address_except 127.0.0.0/8 ::1; address_except 10.0.0.0/8\n" + std::string(kSite));
  CHECK(outcome.faults == "");
  CHECK(outcome.config.server.per_address ==
        AddressLimits{20, 100, 0, 1000, {"127.0.0.0/8", "::1", "10.0.0.0/8"}});
  CHECK(at_top("address_requests 1000001") ==
        "/f:1:18: address_requests takes off or a number from 1 to 1000000\n");
  CHECK(at_top("addresses 0") == "/f:1:11: addresses takes a number from 1 to 1000000\n");
}

TEST_CASE("config/reader: a name that is not known, or not there, is told with what may be meant") {
  CHECK(at_top("wokers 2") == "/f:1:1: unknown directive wokers; did you mean workers?\n");
  CHECK(at_top("frobnicate 2") == "/f:1:1: unknown directive frobnicate\n");
  CHECK(at_top("nodelay on") == "/f:1:1: nodelay stands in listen tcp, not at the top\n");
  CHECK(at_top("idle_time 1s") ==
        "/f:1:1: idle_time stands in listen http or in listen tcp or in route, not at the top\n");
  CHECK(in_route("status; workers 2") == "/f:1:36: workers stands at the top, not in route\n");
  CHECK(at_top("\"\"") == "/f:1:1: unknown directive \n");
}

TEST_CASE("config/reader: what stands in a block with a wrong name is read all the same") {
  CHECK(read("lisen http :0 { rout / { stats } }").faults ==
        "/f:1:1: unknown directive lisen; did you mean listen?\n"
        "/f:1:17: unknown directive rout; did you mean route?\n"
        "/f:1:26: unknown directive stats; did you mean status?\n");
  CHECK(at_top("route / { nodelay }").starts_with("/f:1:1: route stands in listen http, not at the top\n"));
  CHECK(at_top("site { what }") == "/f:1:1: unknown directive site\n");
}

TEST_CASE("config/reader: a directive stands once, but for those that add") {
  CHECK(at_top("workers 1\nworkers 2") == "/f:2:1: workers was said before, at /f:1:1\n");
  CHECK(in_route("echo; echo") == "/f:1:34: echo was said before, at /f:1:28\n");
  CHECK(in_route("status; text a") == "/f:1:36: this block has an answer already: status\n");
}

TEST_CASE("config/reader: words that are too few, too many or wrong") {
  CHECK(at_top("workers") == "/f:1:1: workers takes auto or a number from 1 to 1024\n");
  CHECK(at_top("workers 1 2") ==
        "/f:1:11: workers takes auto or a number from 1 to 1024 and no further word\n");
  CHECK(in_route("echo now") == "/f:1:33: echo takes no word\n");
  for (std::string_view bad : {"0", "1025", "-1", "two", "1k", "\"\""})
    CHECK(at_top("workers " + std::string(bad)).starts_with("/f:1:9: workers takes auto or"));
  CHECK(at_top("workers atuo").ends_with("; did you mean auto?\n"));
  CHECK(at_top("mode porcess") == "/f:1:6: mode takes base or process; did you mean process?\n");
  CHECK(at_top("affinity yes") == "/f:1:10: affinity takes on or off\n");
  CHECK(at_top("shutdown_timeout 10") ==
        "/f:1:18: shutdown_timeout takes a time from 1s to 7d, as 500ms, 10s, 5m, 1h or 1d\n");
  CHECK(at_top("watchdog 0").starts_with("/f:1:10: watchdog takes off or a time"));
  CHECK(at_top("task_bytes 65M") ==
        "/f:1:12: task_bytes takes a size from 0 to 64M, as 512, 64k, 1M or 1G\n");
  CHECK(in_tcp("keepalive 500ms").starts_with("/f:1:33: keepalive takes off or a time from 1s"));
  CHECK(in_tcp("delimiter 123456789") == "/f:1:33: delimiter has 1 to 8 bytes\n");
  CHECK(at_top("pid_file \"\"") == "/f:1:10: pid_file takes off or a path\n");
  CHECK(at_top("pid_file \"a\\x00\"") == "/f:1:10: there is no zero byte in a name\n");
  CHECK(at_top("workers 1 { }") == "/f:1:1: workers takes no block\n");
  CHECK(at_top("listen http :1") == "/f:1:1: listen wants a block: { ... }\n");
}

TEST_CASE("config/reader: logs are files, relative to the configuration, or have a word for it") {
  auto log = [](const std::string& word) {
    Outcome outcome = read("error_log " + word + "; access_log " + word + "\n" + std::string(kSite));
    CHECK(outcome.faults == "");
    CHECK(outcome.config.server.error_log == outcome.config.server.access_log);
    return outcome.config.server.error_log;
  };
  for (std::string word : {"stderr", "off", "syslog", "syslog:user", "syslog:/dev/log", "syslog:local7:/a/b"})
    CHECK(log(word) == word);
  CHECK(log("errors") == "/errors");
  CHECK(log("/var/log/a") == "/var/log/a");
  CHECK(at_top("error_log syslog:mail").starts_with("/f:1:11: bad log \"syslog:mail\"; write syslog,"));
  CHECK(at_top("access_log \"\"") == "/f:1:12: access_log takes stderr, off, syslog or a path\n");
  CHECK(at_top("error_log") == "/f:1:1: error_log takes stderr, off, syslog or a path\n");
}

TEST_CASE("config/reader: with another root the directories of files are in it, wherever it is said") {
  for (bool first : {true, false}) {
    std::string site = "listen http :0 { route /a { files www } route /b { files /srv } }\n";
    Outcome outcome = read(first ? "chroot jail\n" + site : site + "chroot jail");
    CHECK(outcome.faults == "");
    CHECK(outcome.config.server.chroot == "/jail");
    REQUIRE(outcome.config.listeners.size() == 1);
    CHECK(outcome.config.listeners[0].routes[0].directory == "/www");
    CHECK(outcome.config.listeners[0].routes[1].directory == "/srv");
  }
  CHECK(at_top("workers 1\nchroot /a\nchroot /b") == "/f:3:1: chroot was said before, at /f:2:1\n");
}

TEST_CASE("config/reader: fields and redirects") {
  CHECK(in_http("header X-A") == "/f:1:38: header takes NAME VALUE\n");
  CHECK(in_http("header \"X A\" b") == "/f:1:45: this is no name of a field\n");
  CHECK(in_http("header date b") == "/f:1:45: oklo sets this field itself\n");
  CHECK(in_http("header X-A \"b\\r\\nX: c\"") == "/f:1:49: no field has a control character\n");
  CHECK(in_route("redirect /a 200") == "/f:1:40: a redirect has the status 301, 302, 303, 307 or 308\n");
  CHECK(in_route("redirect \"/a\\nb\"") == "/f:1:37: this is no URL\n");
}

TEST_CASE("config/reader: options go with an answer") {
  CHECK(in_route("status; listing on") == "/f:1:36: listing goes with files, not with status\n");
  CHECK(in_route("metrics; header X-A b") ==
        "/f:1:37: header goes with files, text, redirect, room or echo, not with metrics\n");
  CHECK(in_route("metric") == "/f:1:28: unknown directive metric; did you mean metrics?\n");
  CHECK(in_route("files /; ping 1s") == "/f:1:37: ping goes with room or echo, not with files\n");
  CHECK(in_route("listing on") ==
        "/f:1:18: this block says nothing of what to do; it takes files, status, metrics, connections, "
        "healthz, readyz, text, redirect, room or echo\n");
  CHECK(read("listen tcp :0 { }").faults == "/f:1:1: this block says nothing of what to do; it takes echo\n");
  CHECK(read("listen http :0 { }").faults.starts_with("/f:1:1: this listener has no route"));
  CHECK(read("").faults.starts_with("it listens nowhere"));
}

TEST_CASE("config/reader: what does not fit together") {
  CHECK(in_tcp("low_water 2M") == "/f:1:23: low_water is above high_water here\n");
  CHECK(in_tcp("high_water 1k") == "/f:1:23: low_water is above high_water here\n");
  CHECK(in_tcp("delimiter a; fixed_bytes 3") ==
        "/f:1:36: messages have a delimiter, fixed_bytes or length_bytes, one of them\n");
  CHECK(in_tcp("length_bytes 4; fixed_bytes 3").starts_with("/f:1:23: messages have a delimiter, "));
  CHECK(in_tcp("length_at 4; length_order big") ==
        "/f:1:23: length_at goes with length_bytes\n/f:1:36: length_order goes with length_bytes\n");
  CHECK(in_tcp("length_bytes 4; length_at 4; length_header 7") ==
        "/f:1:1: the length field must lie within header_bytes\n");
  CHECK(in_tcp("length_bytes 5") == "/f:1:36: length_bytes takes off or 1 or 2 or 3 or 4 or 8\n");
  CHECK(in_tcp("fixed_bytes 2M").starts_with("/f:1:1: "));
  CHECK(in_route("room a; origins https://a.b example.org x; subprotocols a/b").starts_with(
      "/f:1:56: \"example.org\" is no origin, as "));
  CHECK(in_route("echo; origins x; subprotocols a a/b").ends_with(
      "\n/f:1:60: \"a/b\" is no name of a subprotocol\n"));
}

TEST_CASE("config/reader: files say themselves what they are") {
  CHECK(in_route("files /; header Content-Type a/b") == "/f:1:18: oklo sets the field Content-Type itself\n");
  CHECK(read("listen http :0 { header etag x; route / { files / } }").faults ==
        "/f:1:1: oklo sets the field etag itself\n");
  CHECK(in_route("text a; header Content-Type text/html") == "");
}

TEST_CASE("config/reader: patterns of routes") {
  auto second = [](const std::string& pattern) {
    return read("listen http :0 { route /a/:x { status } route " + pattern + " { text a } }").faults;
  };
  CHECK(second("/a/b") == "");
  CHECK(second("/a/*x") == "");
  CHECK(second("/a/:y") == "/f:1:47: this pattern is taken at /f:1:24\n");
  for (const char* bad : {"a", "\"\"", "/*a/b"}) CHECK(second(bad).starts_with("/f:1:47: a pattern begins"));
  CHECK(read("listen http :0 { route /a/*x { files / } }")
            .faults.starts_with("/f:1:24: a route of files has no *"));
  CHECK(read("listen http :0 { route { status } route / b { status } }").faults ==
        "/f:1:18: route takes a pattern, as in: route /\n/f:1:35: route takes a pattern, as in: route /\n");
}

TEST_CASE("config/reader: addresses that are none, or taken") {
  auto second = [](const std::string& listen) {
    return read("listen tcp :80 { echo }\nlisten " + listen + " { echo }").faults;
  };
  CHECK(second("tcp :81") == "");
  CHECK(second("udp :80") == "");
  for (const char* taken : {"tcp :80", "tcp 80", "tcp 127.0.0.1:80", "tcp [::1]:80", "tcp 0.0.0.0:80"})
    CHECK(second(taken) == "/f:2:12: this address is taken at /f:1:12\n");
  CHECK(second("tcp 127.0.0.1").starts_with("/f:2:12: bad address \"127.0.0.1\""));
  CHECK(second("tcp") == "/f:2:1: listen takes http, tcp or udp, and an address, as in: listen http :8080\n");
  CHECK(second("tpc :81") == "/f:2:8: listen takes http, tcp or udp; did you mean tcp?\n");
  CHECK(second("quic :81") == "/f:2:8: listen takes http, tcp or udp\n");
  CHECK(second("tcp fd:web") == "");
  CHECK(read("listen tcp fd:web { echo }\nlisten tcp fd:3 { echo }\nlisten udp fd:web { echo }").faults ==
        "/f:3:12: this address is taken at /f:1:12\n");
  CHECK(read("listen tcp :0 { echo }\nlisten tcp :0 { echo }").faults == "");
  CHECK(read("listen tcp 127.0.0.1:1 { echo }\nlisten tcp [::1]:1 { echo }").faults == "");
  CHECK(read("listen tcp unix:/a { echo }\nlisten udp unix:/a { echo }").faults ==
        "/f:2:12: this address is taken at /f:1:12\n");
}

TEST_CASE("config/reader: there may be 256 listeners") {
  std::string text;
  for (int i = 0; i < 256; i++) text += "listen tcp :0 { echo }\n";
  CHECK(read(text).faults == "");
  CHECK(read(text + "listen tcp :0 { echo }").faults == "/f:257:1: there may be 256 listeners\n");
}

TEST_CASE("config/reader: one fault hides no other") {
  CHECK(
      read("workers x\nuser\nlisten http {\n route a { listing 1; text }\n}\nlisten tcp :x { ech }").faults ==
      "/f:1:9: workers takes auto or a number from 1 to 1024\n"
      "/f:2:1: user takes USER\n"
      "/f:3:1: listen takes http, tcp or udp, and an address, as in: listen http :8080\n"
      "/f:4:8: a pattern begins with a slash, and *name is its last part\n"
      "/f:4:12: listing goes with files, not with text\n"
      "/f:4:20: listing takes on or off\n"
      "/f:4:23: text takes TEXT\n"
      "/f:6:12: bad address \":x\": the port is not a number from 0 to 65535; write PORT, :PORT, IPV4:PORT, "
      "[IPV6]:PORT, localhost:PORT or unix:/PATH\n"
      "/f:6:17: unknown directive ech; did you mean echo?\n");
}
