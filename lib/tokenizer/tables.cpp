#include "tokenizer/tables.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "tokenizer/nfc.h"

namespace ds::tokenizer {

MergeTable::MergeTable(const formats::TokenizerJson& model) {
  const size_t size = std::bit_ceil(model.merges.size() * 2 + 2);
  slots_.assign(size, Slot{});
  mask_ = size - 1;
  shift_ = 64 - std::countr_zero(size);
  for (size_t rank = 0; rank < model.merges.size(); ++rank) {
    const auto [left, right] = model.merges[rank];
    const uint64_t key = uint64_t{left} << 32 | right;
    size_t i = slot(key);
    while (slots_[i].key != kEmpty && slots_[i].key != key) i = (i + 1) & mask_;
    slots_[i] = {key,
                 {static_cast<uint32_t>(rank), model.merged[rank]}};  // of repeated pairs the last counts
  }
}

void TokenFinder::add(std::string_view token, uint32_t index) {
  if (token.empty()) return;
  const auto first = static_cast<uint8_t>(token[0]);
  only_first_ = empty() || only_first_ == first ? first : -1;
  first_[first] = true;
  uint32_t node = 0;
  for (const char c : token) {
    const auto byte = static_cast<uint8_t>(c);
    auto& next = nodes_[node].next;
    auto it = std::lower_bound(next.begin(), next.end(), std::pair<uint8_t, uint32_t>{byte, 0});
    if (it == next.end() || it->first != byte) {
      it = next.insert(it, {byte, static_cast<uint32_t>(nodes_.size())});
      node = it->second;
      nodes_.emplace_back();
    } else {
      node = it->second;
    }
  }
  nodes_[node].token = index;
}

bool TokenFinder::next(std::string_view text, size_t from, Found& found) const {
  if (empty()) return false;
  for (size_t i = from; i < text.size(); ++i) {
    if (only_first_ >= 0) {
      const void* p = std::memchr(text.data() + i, only_first_, text.size() - i);
      if (!p) return false;
      i = static_cast<size_t>(static_cast<const char*>(p) - text.data());
    } else if (!first_[static_cast<uint8_t>(text[i])]) {
      continue;
    }
    uint32_t node = 0;
    bool any = false;
    for (size_t j = i; j < text.size(); ++j) {
      const auto& next = nodes_[node].next;
      const auto byte = static_cast<uint8_t>(text[j]);
      const auto it = std::lower_bound(next.begin(), next.end(), std::pair<uint8_t, uint32_t>{byte, 0});
      if (it == next.end() || it->first != byte) break;
      node = it->second;
      if (nodes_[node].token != UINT32_MAX) {
        found = {i, j + 1, nodes_[node].token};
        any = true;
      }
    }
    if (any) return true;
  }
  return false;
}

Tables::Tables(formats::TokenizerJson m) : model(std::move(m)), merges(model) {
  const KnownPattern* known = nullptr;
  for (const KnownPattern& k : known_patterns()) {
    if (k.splits == model.splits && k.byte_level_regex == model.byte_level_regex) known = &k;
  }
  if (!known) {
    throw data_error("pre_tokenizer: its split patterns are none of deepseek-v3, llama3, qwen2, gpt2",
                     "the first one begins: " +
                         (model.splits.empty() ? std::string("(none)") : model.splits[0].substr(0, 60)));
  }
  pattern = known->pattern;
  special.assign(model.tokens.size(), false);
  std::vector<bool> only_added(model.tokens.size(), false);
  for (uint32_t i = 0; i < model.added.size(); ++i) {
    const formats::AddedToken& a = model.added[i];
    special[a.id] = a.special;
    only_added[a.id] = !a.in_model;
    contents.emplace(a.content, a.id);
    if (a.normalized) {
      normalized.add(model.nfc ? to_nfc(a.content) : a.content, i);
    } else {
      raw.add(a.content, i);
    }
  }
  words.reserve(model.tokens.size());
  for (uint32_t id = 0; id < model.tokens.size(); ++id) {
    if (!model.tokens[id].empty() && !only_added[id]) words.emplace(model.tokens[id], id);
  }
  for (int b = 0; b < 256; ++b) {
    const char c = static_cast<char>(b);
    const auto it = words.find(std::string_view(&c, 1));
    if (it == words.end()) throw data_error("model.vocab: no token for one of the 256 bytes");
    byte_id[b] = it->second;
  }
}

}  // namespace ds::tokenizer
