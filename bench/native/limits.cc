// What this machine can do at best: the yardstick beside the store's own figures, measured in the same run.
//
//   limits <directory>
//
// A process that lives as long as the run and answers commands on standard input, so that its probes can be interleaved with the
// store's rounds. `run <probe> [name=value ...]` answers one line of JSON; so does anything not understood, with "error". It ends
// at the end of its input and removes the files it kept. It measures the machine and nothing of the store, but for the checksum,
// which is the store's own (native/engine/crc32.h).
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

#include "probe.h"

namespace millrace::bench {
namespace {

struct NamedProbe {
  const char* name;
  Probe probe;
};

constexpr NamedProbe kProbes[] = {
    {"copy", MeasureCopy},           {"checksum", MeasureCopyAndChecksum},
    {"write", MeasureWrite},         {"sync", MeasureWriteAndSync},
    {"coldread", MeasureColdRead},   {"evict", EvictFiles},
    {"roundtrip", MeasureRoundTrip}, {"receiver", StartReceiver},
    {"sendfile", MeasureSendFile},   {"gather", MeasureGather},
    {"settle", SettleDisk},          {"bulk", MeasureBulk},
};

void Run(const std::string& directory, const std::string& line, Figures* figures) {
  std::istringstream words(line);
  std::string verb, name, word;
  words >> verb >> name;
  std::map<std::string, int64_t> values;
  while (words >> word) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return figures->Fail("not name=value: " + word, 0);
    values[word.substr(0, equals)] = std::strtoll(word.c_str() + equals + 1, nullptr, 10);
  }
  if (verb == "run") {
    for (const NamedProbe& each : kProbes) {
      if (name == each.name) return each.probe(directory, Parameters(std::move(values)), figures);
    }
  }
  figures->Fail("not a command: " + line, 0);
}

int Main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: limits <directory>\n";
    return 2;
  }
  const std::string directory = argv[1];
  std::string line;
  while (std::getline(std::cin, line)) {
    Figures figures;
    Run(directory, line, &figures);
    std::cout << figures.ToJson() << std::endl;
  }
  for (const char* kept : {"/limits-zeroed", "/limits-sent", "/limits-cold"}) ::unlink((directory + kept).c_str());
  return 0;
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) { return millrace::bench::Main(argc, argv); }
