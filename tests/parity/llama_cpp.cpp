// What llama.cpp makes of a GGUF file, for tests/parity/llama_cpp.py: a line in, a line out.
//
//   llama_cpp_answers FILE.gguf
//     tokens  0|1 HEX           -> the ids of the text, special tokens in it read as such or not
//     greedy  N ID…             -> the N ids of largest logit that follow, fp32 keys and values; and of each
//                                  step how far the second best was behind
//
// Built by llama_cpp.sh against the library of the source package; links nothing of ours.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "llama.h"

namespace {

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

void tokens(const llama_vocab* vocab, std::istringstream& in) {
  bool special = false;
  std::string hex;
  in >> special >> hex;
  const std::string text = from_hex(hex);
  std::vector<llama_token> ids(text.size() + 8);
  const int n = llama_tokenize(vocab, text.data(), static_cast<int>(text.size()), ids.data(),
                               static_cast<int>(ids.size()), false, special);
  for (int i = 0; i < n; ++i) std::printf(i ? " %d" : "%d", ids[static_cast<size_t>(i)]);
  std::printf("\n");
}

bool greedy(llama_context* context, const llama_vocab* vocab, std::istringstream& in) {
  int count = 0;
  in >> count;
  std::vector<llama_token> ids;
  for (llama_token id; in >> id;) ids.push_back(id);
  llama_memory_clear(llama_get_memory(context), true);
  const int size = llama_vocab_n_tokens(vocab);
  double closest = 1e30;
  for (int i = 0; i < count; ++i) {
    if (llama_decode(context, llama_batch_get_one(ids.data(), static_cast<int>(ids.size()))) != 0)
      return false;
    const float* logits = llama_get_logits_ith(context, -1);
    const llama_token best = static_cast<llama_token>(std::max_element(logits, logits + size) - logits);
    for (llama_token t = 0; t < size; ++t)
      if (t != best) closest = std::min(closest, static_cast<double>(logits[best]) - logits[t]);
    std::printf("%d ", best);
    ids = {best};
  }
  std::printf("%g\n", closest);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  llama_log_set(
      [](ggml_log_level level, const char* text, void*) {
        if (level == GGML_LOG_LEVEL_ERROR || level == GGML_LOG_LEVEL_WARN) std::fputs(text, stderr);
      },
      nullptr);
  llama_backend_init();
  llama_model* model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model) return 3;
  llama_context_params p = llama_context_default_params();
  p.n_ctx = 512;
  p.n_threads = p.n_threads_batch = 1;
  p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  p.type_k = p.type_v = GGML_TYPE_F32;
  llama_context* context = llama_init_from_model(model, p);
  if (!context) return 3;
  const llama_vocab* vocab = llama_model_get_vocab(model);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string what;
    in >> what;
    if (what == "tokens") {
      tokens(vocab, in);
    } else if (what != "greedy" || !greedy(context, vocab, in)) {
      return 1;
    }
    std::fflush(stdout);
  }
  llama_free(context);
  llama_model_free(model);
}
