// Text to ids on one thread or more, in the library alone: encode_bench TOKENIZER THREADS TEXT [IDS]
//
// Prints a JSON object of processor seconds (wall seconds with more than one thread): `cold`, the first pass
// of a new encoder, and `warm`, the best of three more; for the text as one document and for its lines as
// documents. `load` is what Tokenizer::load took, `prompt_us` a warm encoding of the first 1000 bytes. IDS,
// if given, gets the ids as u32.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "base/utf8.h"
#include "tokenizer/parallel_encode.h"
#include "tokenizer/tokenizer.h"

using namespace ds::tokenizer;

namespace {

double now(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Times {
  double cold = 0, warm = 0;
};
template <class Pass>
Times times(clockid_t clock, const Pass& pass) {
  Times t;
  for (int round = 0; round < 4; ++round) {
    const double start = now(clock);
    pass();
    const double seconds = now(clock) - start;
    if (round == 0) {
      t.cold = seconds;
    } else {
      t.warm = round == 1 ? seconds : std::min(t.warm, seconds);
    }
  }
  return t;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) {
    fmt::print(stderr, "usage: encode_bench TOKENIZER THREADS TEXT [IDS]\n");
    return 2;
  }
  const int threads = std::stoi(argv[2]);
  const clockid_t clock = threads > 1 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
  const double start = now(clock);
  const Tokenizer tok = Tokenizer::load(argv[1]);
  const double load = now(clock) - start;
  const std::string text = ds::read_file(argv[3]);
  std::vector<uint32_t> ids;
  ids.reserve(text.size());

  Times one;
  if (threads > 1) {
    ParallelEncoder encoder(tok, threads);
    one = times(clock, [&] {
      ids.clear();
      encoder.encode(
          text, [&](std::span<const uint32_t> part) { ids.insert(ids.end(), part.begin(), part.end()); });
    });
  } else {
    Encoder encoder(tok);
    one = times(clock, [&] {
      ids.clear();
      encoder.encode(text, ids);
    });
  }
  const size_t tokens = ids.size();
  if (argc > 4) ds::write_file(argv[4], {reinterpret_cast<const char*>(ids.data()), ids.size() * 4});

  Encoder encoder(tok);
  std::vector<std::string_view> documents;
  std::vector<size_t> ends;
  const Times lines = times(clock, [&] {
    ids.clear();
    documents.clear();
    ends.clear();
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      documents.push_back(std::string_view(text).substr(begin, end - begin));
      begin = end + 1;
    }
    encoder.encode_many(documents, ids, ends);
  });
  std::string prompt = text.substr(0, 1000);
  prompt.resize(ds::valid_utf8_prefix(prompt));
  const double prompt_start = now(clock);
  for (int i = 0; i < 1000; ++i) {
    ids.clear();
    encoder.encode(prompt, ids);
  }
  const double prompt_us = (now(clock) - prompt_start) * 1e3;
  fmt::print(
      "{{\"bytes\":{},\"tokens\":{},\"load\":{:.4f},\"cold\":{:.4f},\"warm\":{:.4f},\"lines_cold\":{:.4f},"
      "\"lines_warm\":{:.4f},\"prompt_us\":{:.2f}}}\n",
      text.size(), tokens, load, one.cold, one.warm, lines.cold, lines.warm, prompt_us);
  return 0;
} catch (const ds::Error& e) {
  fmt::print(stderr, "encode_bench: {}\n", e.what());
  return 1;
}
