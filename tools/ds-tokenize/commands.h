// The commands: each binds its options and returns what runs them.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "artifact_command.h"
#include "cli/tool.h"

namespace ds::tokenize {

std::function<int(cli::Context&)> train_command(cli::OptionTable& t);
std::function<int(cli::Context&)> encode_command(cli::OptionTable& t);
std::function<int(cli::Context&)> decode_command(cli::OptionTable& t);
std::function<int(cli::Context&)> count_command(cli::OptionTable& t);
std::function<int(cli::Context&)> convert_command(cli::OptionTable& t);
std::function<int(cli::Context&)> chat_command(cli::OptionTable& t);
std::function<int(cli::Context&)> verify_command(cli::OptionTable& t);
std::function<int(cli::Context&)> diff_command(cli::OptionTable& t);
std::function<int(cli::Context&)> inspect_command(cli::OptionTable& t);
std::function<int(cli::Context&)> add_tokens_command(cli::OptionTable& t);
// datasets.cpp
std::function<int(cli::Context&)> merge_command(cli::OptionTable& t);
std::function<int(cli::Context&)> shuffle_command(cli::OptionTable& t);
std::function<int(cli::Context&)> mix_command(cli::OptionTable& t);
std::function<int(cli::Context&)> split_command(cli::OptionTable& t);
std::function<int(cli::Context&)> pack_command(cli::OptionTable& t);

using tools::planned_manifest;
using tools::report_up_to_date;

}  // namespace ds::tokenize
