// Where everything of one store lies. `millrace` is ours, RocketMQ ignores it; everything else has RocketMQ's names.
#pragma once

#include <string>

namespace millrace {

struct StorePaths {
  explicit StorePaths(const std::string& directory)
      : root(directory),
        commit_log(directory + "/commitlog"),
        consume_queue(directory + "/consumequeue"),
        index(directory + "/index"),
        lock(directory + "/lock"),
        abort(directory + "/abort"),
        abort_backup(directory + "/abort.bak"),
        checkpoint(directory + "/checkpoint"),
        own(directory + "/millrace"),
        temporary(own + "/tmp"),
        cut(own + "/cut"),
        set_aside(own + "/set-aside"),
        watermarks(own + "/watermarks") {}

  std::string root;
  std::string commit_log;
  std::string consume_queue;
  std::string index;
  std::string lock;
  std::string abort;
  std::string abort_backup;  // RocketMQ leaves one whenever it starts
  std::string checkpoint;
  std::string own;
  std::string temporary;  // new files are made here and renamed to where they belong
  std::string cut;        // what recovery cut off the end of the log
  std::string set_aside;  // what recovery could not believe
  std::string watermarks;
};

// 20 decimal digits, as RocketMQ names a file by the position (or byte) it begins at.
std::string FileName(int64_t start);
// -1 when the name is not 20 digits.
int64_t ParseFileName(const std::string& name);

}  // namespace millrace
