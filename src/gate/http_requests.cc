#include "gate/http_requests.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "http/http_service.h"
#include "shm/connection_states.h"
#include "sys/socket.h"
#include "sys/socket_pair.h"

namespace oklo::gate {

namespace {

constexpr size_t kPieceBytesMax = size_t{16} << 20;  // of an answer, in one record

}  // namespace

// The body of a request, as it comes from the gate: as much as the connection takes.
class HttpRequests::Lane final : private EventHandler {
 public:
  Lane(HttpRequests& owner, net::PostedConnection& connection, sys::Fd stream)
      : owner_(owner),
        reactor_(*owner.context_.reactor),
        connection_(connection),
        stream_(std::move(stream)) {}
  ~Lane() { watch(false); }

  // All of it has come that will.
  bool over() const { return !stream_; }

  void add_room(size_t bytes) {
    room_ += bytes;
    watch(true);
  }

 private:
  void on_event(uint32_t) override;
  void watch(bool wanted);

  HttpRequests& owner_;
  Reactor& reactor_;
  net::PostedConnection& connection_;
  sys::Fd stream_;
  size_t room_ = 0;
  bool watched_ = false;
};

void HttpRequests::Lane::on_event(uint32_t) {
  char bytes[Block::kBytes];
  long size = sys::receive(stream_.get(), bytes, std::min(room_, sizeof bytes));
  if (sys::try_later(size)) return;
  if (size <= 0) {
    watch(false);
    stream_.reset();
    if (http::HttpService::awaits_body(connection_)) return connection_.end_of_input();
    return owner_.look(connection_.id());  // This may be gone.
  }
  room_ -= static_cast<size_t>(size);
  if (room_ == 0) watch(false);
  bool fed = connection_.feed({bytes, static_cast<size_t>(size)});
  OKLO_ASSERT(fed);
}

void HttpRequests::Lane::watch(bool wanted) {
  if (!stream_ || wanted == watched_) return;
  if (!wanted) reactor_.remove(stream_.get());
  else if (reactor_.add(stream_.get(), sys::kReadable, *this) < 0)
    return connection_.abort(CloseReason::no_memory);  // This is gone.
  watched_ = wanted;
}

HttpRequests::HttpRequests(WorkerContext& context, WorkerEnd& end)
    : context_(context), end_(end), pool_(*context.reactor, *context.connections, *context.row, *this) {}

HttpRequests::~HttpRequests() = default;

HttpRequests::Request* HttpRequests::find(ConnectionId id) {
  auto found = requests_.find(wire_id(id));
  return found == requests_.end() ? nullptr : &found->second;
}

uint32_t HttpRequests::thread_of(ConnectionId id) const { return requests_.at(wire_id(id)).thread; }

// ---------------------------------------------------------------- from the gate

// A connection that is gone needs no answer.
void HttpRequests::begin(Endpoint& endpoint, uint32_t thread, const codec::WireRecord& record) {
  ConnectionId id = connection_id(record.connection);
  net::PostedConnection* connection = pool_.open(endpoint, id);
  if (!connection) return end_.say_done(thread, id, record.number);
  requests_[record.connection] = {thread, record.number, record.listener, record.flags, false, nullptr, {}};
  if (record.flags & kLastRequest) connection->row().requests = UINT32_MAX - 1;  // More than any limit.
  bool ends = record.flags & kInputEnded && !(record.flags & kBodyFollows);
  requests_[record.connection].heard.ended = ends;
  bool fed = connection->feed(record.bytes);
  OKLO_ASSERT(fed);
  if (ends && answering(id, record.number)) end_input(*connection);
}

net::PostedConnection* HttpRequests::answering(ConnectionId id, uint32_t number) {
  Request* request = find(id);
  net::PostedConnection* connection = request && request->number == number ? pool_.find(id) : nullptr;
  return connection && !connection->over() ? connection : nullptr;
}

// A handler that is told of one thing may answer, and the request is no more. The body has a way of its own,
// and the client's end stands behind it.
void HttpRequests::look(ConnectionId id) {
  Request* request = find(id);
  if (!request) return;
  uint32_t number = request->number;
  AnswerNews news = context_.states->answers().find(id, number);
  bool body_comes = request->flags & kBodyFollows && !(request->lane && request->lane->over());
  if (body_comes) news.ended = false;
  AnswerNews before = std::exchange(request->heard, news);
  net::PostedConnection* connection = answering(id, number);
  if (connection && news.sent > before.sent && !connection->confirm(news.sent - before.sent))
    context_.log->line("more was sent to a client than was answered");
  if (news.ended && !before.ended && (connection = answering(id, number))) end_input(*connection);
  if (news.stops && !before.stops && (connection = answering(id, number))) connection->drain(DrainMode::stop);
  if (!news.gone || !(connection = answering(id, number))) return;
  connection->let_go(*news.gone);
  finish(id);
}

// Any other client that has sent its last request wants the answer, and those to what stands behind it in the
// gate: the end of the connection is the gate's affair.
void HttpRequests::end_input(net::PostedConnection& connection) {
  if (http::HttpService::listens(connection)) connection.end_of_input();
}

void HttpRequests::look() {
  std::vector<uint64_t> ids;
  for (auto& [id, request] : requests_) ids.push_back(id);
  for (uint64_t id : ids) look(connection_id(id));
}

// ---------------------------------------------------------------- to the gate

void HttpRequests::say(ConnectionId id, Said type, uint16_t flags, std::string_view bytes, sys::Fd file) {
  if (Request* request = find(id))
    end_.say_together(request->thread, type, id, request->listener, flags, 0, bytes, std::move(file));
}

void HttpRequests::send(ConnectionId id, std::string_view bytes) {
  for (; bytes.size() > kPieceBytesMax; bytes.remove_prefix(kPieceBytesMax))
    say(id, Said::http_output, 0, bytes.substr(0, kPieceBytesMax));
  say(id, Said::http_output, 0, bytes);
}

void HttpRequests::send_file(ConnectionId id, sys::Fd file, uint64_t offset, uint64_t size) {
  FileRange range = {offset, size};
  say(id, Said::http_file, 0, {reinterpret_cast<const char*>(&range), sizeof range}, std::move(file));
}

void HttpRequests::took(ConnectionId id, size_t bytes) {
  Request* request = find(id);
  if (request && request->lane) request->lane->add_room(bytes);
}

void HttpRequests::closed(ConnectionId id, CloseReason reason, End end) {
  unsigned flags = static_cast<unsigned>(reason) | static_cast<unsigned>(end) << 8;
  say(id, Said::http_closed, static_cast<uint16_t>(flags));
  finish(id);
}

// The word that it is done leaves together with the answer.
void HttpRequests::finish(ConnectionId id) {
  auto found = requests_.find(wire_id(id));
  if (found == requests_.end()) return;
  Request request = std::move(found->second);
  requests_.erase(found);
  end_.say_done(request.thread, id, request.number);
}

void HttpRequests::settled(net::PostedConnection& connection) {
  Request* request = find(connection.id());
  if (!request) return;
  bool upgraded = connection.endpoint().kind == ConnectionKind::websocket;
  if (upgraded || http::HttpService::answered(connection)) {
    finish(connection.id());
    return connection.let_go(CloseReason::finished);
  }
  if (request->flags & kTimedOut) {
    request->flags = 0;
    return refuse_late(connection);
  }
  if (request->flags & kBodyFollows && !request->lane && !open_lane(connection, *request)) return;
  if (!std::exchange(request->told_more, true)) say(connection.id(), Said::http_more);
  end_.commit(request->thread);
}

// The rate of what has come was judged by the gate; here, it is that nothing comes any more.
void HttpRequests::refuse_late(net::PostedConnection& connection) {
  Protocol& protocol = *connection.endpoint().protocol;
  protocol.on_deadline(connection);
  if (connection.open()) protocol.on_deadline(connection);
}

// False: the connection is gone, and the request with it.
bool HttpRequests::open_lane(net::PostedConnection& connection, Request& request) {
  Result<sys::SocketPair> pair = sys::SocketPair::create(sys::PairKind::stream);
  if (!pair) {
    connection.abort(CloseReason::no_memory);
    return false;
  }
  request.lane = std::make_unique<Lane>(*this, connection, std::move(pair->first));
  request.lane->add_room(Block::kBytes - connection.input().size());
  if (connection.over()) return false;
  say(connection.id(), Said::http_lane, 0, {}, std::move(pair->second));
  return true;
}

}  // namespace oklo::gate
