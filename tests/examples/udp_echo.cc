// Sends back each datagram, over UDP: udp_echo ADDRESS
#include <oklo/oklo.h>

int main(int argc, char** argv) {
  oklo::Server server;
  server.udp(argc > 1 ? argv[1] : ":9502", {
      .on_packet = [](oklo::Datagram& packet, std::string_view bytes) { packet.reply(bytes); },
  });
  return server.run();
}
