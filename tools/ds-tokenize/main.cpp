// ds-tokenize: trains tokenizers, turns text into ids and back, makes training data of them.
#include "cli/tool.h"
#include "ds-tokenize/commands.h"

namespace ds {
extern const char* const kExamples;  // examples.txt
}

int main(int argc, char** argv) {
  using namespace ds;
  const unsigned common = cli::kThreads | cli::kForce | cli::kDryRun | cli::kJson | cli::kDepfile;
  return cli::tool_main(
      {"ds-tokenize",
       "trains tokenizers, turns text into token ids and back, makes training data",
       kExamples,
       {{"train", "learn a tokenizer.json from text", common, tokenize::train_command},
        {"encode", "text to token ids: training data or JSONL", common | cli::kResume,
         tokenize::encode_command},
        {"decode", "token ids back to text", common, tokenize::decode_command},
        {"count", "documents, bytes and tokens of text", cli::kThreads | cli::kJson, tokenize::count_command},
        {"verify", "whether a tokenizer gives the ids that are expected", cli::kThreads | cli::kJson,
         tokenize::verify_command},
        {"diff", "in what two tokenizers differ", cli::kThreads | cli::kJson, tokenize::diff_command},
        {"inspect", "what a tokenizer is; its tokens; the tokens of a text", cli::kJson,
         tokenize::inspect_command},
        {"add-tokens", "tokens behind the last id, and the embedding rows that a model then needs",
         cli::kForce | cli::kDryRun | cli::kJson | cli::kDepfile, tokenize::add_tokens_command},
        {"chat", "conversations as text or ids by a chat template", common, tokenize::chat_command},
        {"convert", "a tokenizer of another format as tokenizer.json",
         cli::kForce | cli::kDryRun | cli::kJson | cli::kDepfile, tokenize::convert_command},
        {"merge", "several token datasets as one", common, tokenize::merge_command},
        {"shuffle", "the documents of token data in a pseudo-random order", common,
         tokenize::shuffle_command},
        {"mix", "token data by shares of the tokens", common, tokenize::mix_command},
        {"split", "token data in shards", common, tokenize::split_command},
        {"pack", "which documents share a training row", common, tokenize::pack_command}}},
      argc, argv);
}
