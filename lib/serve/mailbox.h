// Where the engine's events for one response wait until its connection takes them. Lives on the io thread
// alone; a connection that has gone simply drops its end.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "serve/choice_stream.h"

namespace ds::serve {

struct Event {
  size_t choice = 0;
  Piece piece;
  std::string finish;   // "stop", "length", "abort", "error"; empty: goes on
  std::string message;  // of an error
};

struct Mailbox {
  std::vector<Event> events;
  std::function<void()> ring;  // called when events have come
};

}  // namespace ds::serve
