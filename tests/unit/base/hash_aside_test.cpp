// Hashing by a thread of its own gives what hashing at once does.
#include "base/hash_aside.h"

#include "base/hash.h"
#include "base/rng.h"
#include "catch.h"

using namespace ds;

TEST_CASE("hash aside: any sizes, in any pieces") {
  const Rng rng(11, RngStream::test);
  std::string bytes(9 << 20, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
  uint64_t at = 0;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4} << 20, (size_t{4} << 20) + 1,
                            (size_t{4} << 20) + (1 << 17), (size_t{5} << 20) + 77, bytes.size()}) {
    const std::string_view all = std::string_view(bytes).substr(0, size);
    HashAside hash;
    for (size_t done = 0; done < size;) {
      const size_t n = std::min<size_t>(size - done, rng.below(at++, at % 2 ? 1000000 : 3000));
      hash.update(all.substr(done, n));
      done += n;
    }
    CHECK(hash.hex() == sha256_hex(all));
  }
  HashAside given_up;
  given_up.update(bytes);
}
