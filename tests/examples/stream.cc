// An answer whose length nobody knows when it begins: stream ADDRESS
// GET /squares/LAST sends a line for each number, in chunks, and a checksum of all lines in a trailer.
#include <oklo/oklo.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

constexpr size_t kPieceBytes = 16 * 1024;

// FNV-1a.
uint32_t add_to(uint32_t sum, std::string_view bytes) {
  for (char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619;
  return sum;
}

void squares(const oklo::Request& request, oklo::Response& response) {
  uint64_t last = std::strtoull(std::string(request.param("last")).c_str(), nullptr, 10);
  response.header("Content-Type", "text/plain");
  response.header("Trailer", "Checksum");
  uint32_t sum = 2166136261;
  std::string piece;
  for (uint64_t i = 0; i <= last; i++) {
    piece += std::to_string(i) + " " + std::to_string(i * i) + "\n";
    if (piece.size() < kPieceBytes && i < last) continue;
    sum = add_to(sum, piece);
    // False: the client is gone, or takes so little that too much of the answer waits in memory.
    if (!response.write(piece)) return;
    piece.clear();
  }
  response.trailer("Checksum", std::to_string(sum));
  response.end();
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Router site;
  site.get("/squares/:last", squares);
  oklo::Server server;
  // The handler writes all of its answer at once, so this much of it may wait for a slow client.
  server.http(argc > 1 ? argv[1] : ":8080", std::move(site), {.queue_bytes = 8 << 20});
  return server.run();
}
