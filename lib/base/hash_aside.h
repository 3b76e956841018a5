// SHA-256 of bytes that come one behind the other, by a thread of its own once there are many of them:
// hashing large inputs takes a fifth of the time that encoding or filtering them does. What is handed over is
// copied, so that the caller may do with its memory what it likes; a few pieces are held at most.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ds {

class HashAside {
 public:
  HashAside();
  HashAside(HashAside&&) noexcept;
  ~HashAside();  // without hex() the thread is given up
  void update(std::string_view bytes);
  std::string hex();  // finishes; call once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ds
