// Asks and waits: sync_ask ADDRESS TEXT [udp] [timeout=MS] [resolv=FILE] [hosts=FILE] [port=PORT]
//
// Sends the text as a line, or with "udp" as a datagram, and prints the line, or datagram, that comes back. 1
// and a sentence when there is none. Names are looked up by the name servers that FILE names, at PORT.
#include <oklo/sync_client.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
  if (argc < 3) return 100;
  oklo::SyncClientOptions options;
  bool udp = false;
  for (int i = 3; i < argc; i++) {
    std::string_view word = argv[i];
    if (word == "udp") udp = true;
    if (word.starts_with("timeout=")) options.timeout_ms = static_cast<uint32_t>(std::stoul(argv[i] + 8));
    if (word.starts_with("resolv=")) options.resolver.resolv_conf = word.substr(7);
    if (word.starts_with("hosts=")) options.resolver.hosts = word.substr(6);
    if (word.starts_with("port=")) options.resolver.port = static_cast<uint16_t>(std::stoul(argv[i] + 5));
  }
  oklo::SyncClient client(options);
  std::string text = argv[2];
  bool sent = udp ? client.connect_datagrams(argv[1]) && client.send(text)
                  : client.connect(argv[1]) && client.send(text + "\n");
  std::optional<std::string> answer;
  if (sent) answer = udp ? client.receive() : client.read_line();
  if (answer) std::puts(answer->c_str());
  else std::fprintf(stderr, "%s\n", client.error().c_str());
  return answer ? 0 : 1;
}
