#include "ds-tokenize/train_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace ds::tokenize {

void declare(cli::OptionTable& t, TrainCommand& o) {
  declare_inputs(t, o.in, false);
  t.group("Tokenizer");
  t.add("-o,--output", o.output, "FILE", "tokenizer.json to write; - for stdout")
      .required()
      .not_in_manifest();
  t.add("--algorithm", o.algorithm, "NAME", "what kind of tokenizer")
      .choices({"bpe", "unigram", "wordpiece"});
  t.add("--vocab-size", o.vocab_size, "N", "entries in all: special tokens, bytes or letters, what is learnt")
      .range(2, 1 << 24);
  t.add("--special", o.special, "TOKEN",
        "special token; repeat for more; they get the first ids (with --continue the next ones)");
  t.add("--continue", o.base, "FILE", "add merges to this tokenizer.json (BPE); its ids stay")
      .not_in_manifest();
  t.group("Words");
  t.add("--pattern", o.pattern, "NAME", "how text is cut into words").choices(tokenizer::train_patterns());
  t.add("--digits", o.digits, "RULE", "cut numbers off first: individual, or so many digits together")
      .choices({"pattern", "individual", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
  t.add("--normalizer", o.normalizers, "NAME", "change text first; repeat for more, in order");
  t.add("--alphabet", o.alphabet, "KIND", "words are bytes or characters; auto: as is usual with the pattern")
      .choices({"auto", "bytes", "characters"});
  t.group("Letters");
  t.flag("--byte-fallback", o.byte_fallback, "characters: what is unknown becomes <0x00> to <0xFF>");
  t.add("--limit-alphabet", o.limit_alphabet, "N", "keep the N most frequent characters; 0: all")
      .range(0, 1114112);
  t.add("--initial-alphabet", o.initial_alphabet, "CHARACTERS", "keep these, whether they occur or not");
  t.add("--continuing-subword-prefix", o.continuing_prefix, "TEXT",
        "before letters that do not begin a word (WordPiece: ## unless given)");
  t.add("--end-of-word-suffix", o.end_of_word, "TEXT", "behind the last letter of a word");
  t.add("--unk-token", o.unk_token, "TOKEN",
        "the unknown token of Unigram and WordPiece; auto: <unk>, [UNK]");
  t.group("Learning");
  t.add("--min-frequency", o.min_frequency, "N", "do not merge pairs that occur less often").range(0, 9e15);
  t.add("--max-token-length", o.max_token_length, "N", "BPE: no token of so many letters is made; 0: any")
      .range(0, 1e9);
  t.add("--target-bytes-per-token", o.target_bytes_per_token, "X",
        "BPE: stop when the text has so many bytes a token; 0: at --vocab-size")
      .range(0, 1e6);
  t.add("--max-piece-length", o.max_piece_length, "N", "Unigram: characters of a token at most").range(1, 64);
  t.flag("--sentencepiece-loss", o.sentencepiece_loss,
         "Unigram: prune by SentencePiece's formula, not by that of tokenizers 0.23");
  t.add("--memory", o.memory, "BYTES",
        "for counting words; the rest goes to disk, beside the output; 0: no limit")
      .bytes()
      .not_in_manifest();
  t.group("Report");
  t.add("--report", o.report, "FILE", "JSON: bytes per token by input, unused and rare tokens; - for stdout")
      .not_in_manifest();
  t.add("--compare", o.compare, "FILE", "another tokenizer.json for the report; repeat for more")
      .not_in_manifest();
  t.check([&o] {
    for (const std::string& s : o.special) {
      if (s.empty()) throw usage_error("--special: an empty token");
    }
    if (!is_valid_utf8(o.initial_alphabet)) throw usage_error("--initial-alphabet: not UTF-8");
    if (o.algorithm != "bpe") {
      if (!o.base.empty()) throw usage_error("--continue is for --algorithm bpe");
      if (o.alphabet == "bytes") throw usage_error("--alphabet bytes is for --algorithm bpe");
    }
    if (o.algorithm == "wordpiece" && o.byte_fallback) throw usage_error("WordPiece has no byte fallback");
    if (!o.compare.empty() && o.report.empty()) throw usage_error("--compare needs --report");
    if (o.report == "-" && o.output == "-")
      throw usage_error("-o - and --report -: only one can have stdout");
    if (o.memory != 0 && o.memory < (uint64_t{64} << 20)) throw usage_error("--memory: at least 64M");
  });
}

tokenizer::ShellOptions TrainCommand::shell() const {
  tokenizer::ShellOptions s;
  s.pattern = pattern;
  s.algorithm = algorithm;
  s.normalizers = normalizers;
  s.byte_fallback = byte_fallback;
  if (alphabet != "auto") s.byte_level = alphabet == "bytes";
  if (byte_fallback) s.byte_level = false;
  if (digits == "individual") {
    s.digits = 1;
  } else if (digits != "pattern") {
    s.digits = static_cast<uint32_t>(digits[0] - '0');
  }
  return s;
}

tokenizer::TrainOptions TrainCommand::options(bool byte_level) const {
  tokenizer::TrainOptions t;
  t.vocab_size = static_cast<uint32_t>(vocab_size);
  t.min_frequency = static_cast<uint64_t>(min_frequency);
  t.specials = special;
  // The default is for a new tokenizer: one that is continued has its own.
  if (!base.empty() && special == TrainCommand().special) t.specials.clear();
  t.byte_level = byte_level;
  t.byte_fallback = byte_fallback;
  if (limit_alphabet != 0) t.limit_alphabet = static_cast<uint64_t>(limit_alphabet);
  for (const char *p = initial_alphabet.data(), *end = p + initial_alphabet.size(); p < end;) {
    t.initial_alphabet.push_back(next_char(p));
  }
  if (max_token_length != 0) t.max_token_length = static_cast<uint64_t>(max_token_length);
  if (!continuing_prefix.empty()) t.continuing_prefix = continuing_prefix;
  if (!end_of_word.empty()) t.end_of_word = end_of_word;
  t.target_bytes_per_token = target_bytes_per_token;
  t.unk_token = unk_token != "auto" ? unk_token : algorithm == "wordpiece" ? "[UNK]" : "<unk>";
  if (algorithm == "wordpiece" &&
      std::find(t.specials.begin(), t.specials.end(), t.unk_token) == t.specials.end()) {
    t.specials.insert(t.specials.begin(), t.unk_token);
  }
  t.max_piece_length = static_cast<uint32_t>(max_piece_length);
  t.sentencepiece_loss = sentencepiece_loss;
  return t;
}

}  // namespace ds::tokenize
