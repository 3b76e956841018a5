// Training of tokenizers: BPE and WordPiece, equal to the Hugging Face trainers (0.23) merge by merge and id
// by id, and Unigram after the same algorithm.
//
// Text becomes words by a WordRule, words are counted (train_words.h), and the trainers see nothing but
// different words with their counts. So results are the same for any number of threads, any order of texts,
// any memory limit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/run.h"
#include "formats/tokenizer_json.h"
#include "tokenizer/train_words.h"

namespace ds::tokenizer {

struct TrainOptions {
  uint32_t vocab_size = 8000;                // special tokens, bytes and letters included
  uint64_t min_frequency = 0;                // a pair that occurs less often is not merged
  std::vector<std::string> specials;         // they get the first ids
  bool byte_level = true;                    // words are bytes; else characters
  bool byte_fallback = false;                // characters: <0x00> to <0xFF> come after the specials
  std::optional<uint64_t> limit_alphabet;    // keep at most so many characters, the most frequent
  std::u32string initial_alphabet;           // characters that are kept whether they occur or not
  std::optional<uint64_t> max_token_length;  // in letters
  std::optional<std::string> continuing_prefix, end_of_word;
  double target_bytes_per_token = 0;         // stop when the text is as short as that; 0: never
  uint64_t pair_places = uint64_t{1} << 25;  // room for places of pairs before old ones are looked for
  // Unigram
  std::string unk_token = "<unk>";  // put in front unless a special is it
  uint32_t max_piece_length = 16, sub_iterations = 2;
  double shrinking_factor = 0.75;
  uint64_t seed_size = 1000000;
  bool sentencepiece_loss = false;  // prune by SentencePiece's formula, not by that of tokenizers 0.23
};

// What a text is cut by, and how ids become text again.
struct TrainShell {
  formats::TokenizerJson tokenizer;  // normalizer, pre_tokenizer, decoder; no model yet
  WordRule rule;
  bool byte_level = true;
};
struct ShellOptions {
  std::string pattern = "deepseek-v3";  // a name of train_patterns()
  uint32_t digits = 0;             // cut digits off first, so many may stay together; 0: as the pattern does
  std::optional<bool> byte_level;  // words are bytes; absent: as is usual with the pattern
  std::string algorithm = "bpe";   // bpe, unigram, wordpiece
  bool byte_fallback = false;      // ids of bytes become text again
  std::vector<std::string> normalizers;  // names of train_normalizers(), in order
};
// Throws usage on a name that is not known, and on what does not go together.
TrainShell train_shell(const ShellOptions& options);
std::vector<std::string> train_patterns();  // published patterns by name, and "metaspace"
std::vector<std::string> train_normalizers();
// `t` itself as a shell: texts are cut as it cuts them.
TrainShell shell_of(const formats::TokenizerJson& t);

// Each throws usage when the vocabulary has no room for specials and letters. A text with few words gives
// fewer entries than asked. When run.stop is set the result is incomplete: the caller must look. The words'
// memory is given back before merging begins if they were moved in.
formats::TokenizerJson train_bpe(WordList words, const TrainOptions& options, formats::TokenizerJson shell,
                                 Run& run);
formats::TokenizerJson train_wordpiece(WordList words, const TrainOptions& options,
                                       formats::TokenizerJson shell, Run& run);
formats::TokenizerJson train_unigram(const WordList& words, const TrainOptions& options,
                                     formats::TokenizerJson shell, Run& run);

// More merges for a BPE tokenizer: tokens and ids stay, new ones follow the highest id. Words must have been
// cut as `base` cuts them. Throws data when it is of another kind.
formats::TokenizerJson continue_bpe(WordList words, const TrainOptions& options, formats::TokenizerJson base,
                                    Run& run);

}  // namespace ds::tokenizer
