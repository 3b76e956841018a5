// ds-export: models for other programs (GGUF, merged safetensors), and what an artifact is and came from.
#include "cli/tool.h"
#include "ds-export/commands.h"

namespace ds {
extern const char* const kExamples;  // examples.txt
}

int main(int argc, char** argv) {
  using namespace ds;
  const unsigned writes = cli::kThreads | cli::kForce | cli::kDryRun | cli::kJson | cli::kDepfile;
  return cli::tool_main(
      {"ds-export",
       "writes models in other programs' formats, and tells what an artifact is and was made from",
       kExamples,
       {{"gguf", "a model folder as one GGUF file for llama.cpp", writes, exporting::gguf_command},
        {"merge", "a plain model folder: adapters added, packed weights unpacked, shards of a size", writes,
         exporting::merge_command},
        {"inspect", "what an artifact is, and the chain back to the raw files", cli::kJson,
         exporting::inspect_command},
        {"verify", "whether an artifact's files are those its manifest lists", cli::kThreads | cli::kJson,
         exporting::verify_command}}},
      argc, argv);
}
