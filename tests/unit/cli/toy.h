// A small tool for tests of lib/cli, run in a child process so that signals, stdout and exit codes are real.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace ds_test {

struct Outcome {
  int status = -1;  // exit status; 128 + n when a signal ended it
  std::string out, err;
};

struct Setting {
  std::map<std::string, std::string> environment;  // DS_* and others; DS_* of the caller are removed
  std::string stdout_path;                         // "" collects stdout; else a file such as /dev/full
  bool close_stdout = false;                       // starts with descriptor 1 closed
};

// A tool with the commands "work" and "other".
Outcome toy(const std::vector<std::string>& arguments, const Setting& setting = {});
// The same options as a tool of one command.
Outcome single(const std::vector<std::string>& arguments, const Setting& setting = {});

std::string scratch_folder();                                                                  // fresh
std::string put(const std::string& folder, const std::string& name, const std::string& text);  // the path

}  // namespace ds_test
