#include "tokenizer/convert.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/io.h"
#include "base/mmap.h"
#include "base/utf8.h"
#include "formats/json_reader.h"

namespace ds::tokenizer {
namespace {

constexpr uint64_t kMaxFile = uint64_t{256} << 20;

std::string first_bytes(const std::string& path, size_t size) {
  const Fd fd = open_read(path);
  std::string out(size, '\0');
  size_t have = 0;
  while (have < size) {
    const size_t n = read_some(fd.get(), out.data() + have, size - have, path);
    if (n == 0) break;
    have += n;
  }
  out.resize(have);
  return out;
}

// Which of the two: tekken.json has its vocabulary at the top, tokenizer.json inside a model.
std::optional<bool> tells_tekken(std::string_view text, const std::string& name) {
  struct Known {
    bool tekken;
  };
  try {
    formats::JsonReader r(text, name);
    r.object([&](std::string_view key) {
      if (key == "config" || key == "vocab") throw Known{true};
      if (key == "model" || key == "added_tokens" || key == "version") throw Known{false};
      r.kind();
      r.skip();
    });
  } catch (const Known& k) {
    return k.tekken;
  }
  return std::nullopt;
}

bool is_tekken(std::string_view text, const std::string& name) {
  return tells_tekken(text, name).value_or(false);
}

// The same of a file, of which mostly its beginning is enough.
bool is_tekken_file(std::string_view head, const std::string& path) {
  try {
    if (const auto told = tells_tekken(head.substr(0, valid_utf8_prefix(head)), path)) return *told;
  } catch (const Error&) {  // of what is cut off
  }
  return is_tekken(MappedFile(path).view(), path);
}

}  // namespace

std::string tokenizer_file_in(const std::string& folder) {
  for (const char* name : {"tokenizer.json", "tekken.json", "tokenizer.model"}) {
    const std::string file = join_path(folder, name);
    if (exists(file)) return file;
  }
  return "";
}

std::string tokenizer_file(const std::string& path) {
  const std::string file = is_folder(path) ? tokenizer_file_in(path) : path;
  if (!file.empty()) return file;
  throw io_error(path + ": no tokenizer.json, tekken.json or tokenizer.model in this folder");
}

Converted convert_tokenizer(const std::string& given, const ConvertOptions& options) {
  const std::string path = tokenizer_file(given);
  const std::string head = first_bytes(path, 16384);
  if (head.empty()) throw data_error(path + ": an empty file");
  if (head.starts_with("GGUF")) return from_gguf(path);
  Converted out;
  const size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin != head.npos && head[begin] == '{') {
    const std::string text = read_file(path, kMaxFile);
    if (is_tekken(text, path)) {
      out.kind = "tekken";
      out.json = from_tekken(formats::parse_tekken(text, path), path);
    } else {
      out.kind = "tokenizer.json";
      out.json = formats::parse_tokenizer_json(text, path);
    }
  } else if (formats::looks_like_tiktoken(head)) {
    out.kind = "tiktoken ranks";
    out.json = from_tiktoken(formats::read_tiktoken(path), options, path);
    if (out.json.added.empty())
      out.notes.push_back("ranks say nothing of special tokens; --special adds them");
  } else if (head[0] == '\n') {  // the tag of the first field, a piece
    const formats::SentencePieceModel m = formats::read_sentencepiece(path);
    out.kind =
        m.kind == formats::SentencePieceModel::Kind::bpe ? "SentencePiece BPE" : "SentencePiece Unigram";
    out.json = from_sentencepiece(m, path);
  } else {
    throw data_error(path + ": no tokenizer that is known",
                     "known: tokenizer.json, SentencePiece .model, tiktoken ranks, tekken.json, GGUF");
  }
  return out;
}

formats::TokenizerJson tokenizer_from_file(const std::string& path) { return convert_tokenizer(path).json; }

OpenedTokenizer open_tokenizer(const std::string& given) {
  const std::string path = tokenizer_file(given);
  const std::string head = first_bytes(path, 16384);
  const size_t begin = std::min(head.find_first_not_of(" \t\r\n"), head.size());
  const bool json = begin < head.size() && head[begin] == '{';
  const bool other =
      json ? is_tekken_file(head, path)
           : head.starts_with("GGUF") || head.starts_with('\n') || formats::looks_like_tiktoken(head);
  // What is none of them is an error that Tokenizer::load() describes.
  if (!other) return {Tokenizer::load(path), path, std::nullopt, {}};
  Converted made = convert_tokenizer(path);
  std::string text = formats::tokenizer_json_text(made.json);
  return {Tokenizer(std::move(made.json)), path, std::move(text), std::move(made.notes)};
}

}  // namespace ds::tokenizer
