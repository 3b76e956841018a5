// A model's tokenizer as llama.cpp wants it: the keys tokenizer.ggml.* and tokenizer.chat_template.
//
// How text is cut into words is no regex there but a name, `pre`, of a cutter that is compiled in. A name
// also fixes whether a word that is a token is that token whatever the merges say. Tokenizers whose cutter
// has no name there, or whose tokens would come out otherwise, are refused: a wrong `pre` loads and reads
// every text almost right.
#pragma once

#include <string>

#include "arch/config.h"
#include "base/log.h"
#include "formats/gguf.h"
#include "formats/model_folder.h"
#include "formats/tokenizer_json.h"

namespace ds::exporting {

// "deepseek-v3", "llama-bpe", "qwen2" or "gpt-2". Throws data, naming the nearest one, for other cutters.
std::string gguf_pre(const formats::TokenizerJson& tokenizer, const std::string& name);

// Adds the keys; `entries` is the number of rows of the embedding, and tokens missing up to it are written as
// [PADi]. Throws io when the folder has no tokenizer, data for one that cannot be exported.
void add_tokenizer(formats::GgufMetadata& out, const formats::ModelFolder& model,
                   const arch::ModelConfig& config, int64_t entries, Log& log);
void add_no_tokenizer(formats::GgufMetadata& out);

}  // namespace ds::exporting
