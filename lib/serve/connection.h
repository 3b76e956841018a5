// One HTTP connection: reads requests one after the other, answers each, keeps to time and size limits, and
// notices when the client goes while its answer is being made.
//
// Everything runs on the io thread as coroutines; a connection keeps itself alive until it ends.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <set>

#include "base/log.h"
#include "serve/options.h"
#include "serve/router.h"

namespace ds::serve {

class Connection;

// What connections share.
struct Shared {
  App& app;
  const ServeOptions& options;
  Log& log;
  std::set<Connection*> open;
  size_t active = 0;        // requests whose head was accepted and whose response is not yet written
  bool cancelling = false;  // the time to drain is over: answers end as they are
};

// Begins to serve `socket`. `full`: only to say that there are too many connections.
void serve_connection(boost::asio::ip::tcp::socket socket, Shared& shared, bool full);
// All connections look at `shared` again.
void wake_connections(Shared& shared);

}  // namespace ds::serve
