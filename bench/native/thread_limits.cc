// How long one thread takes to wake another and be woken by it: what every append that waits for a writer thread pays at least.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "latencies.h"
#include "probe.h"

namespace millrace::bench {
namespace {

// Whose turn it is. Both sides wait on one condition each, so that a notify wakes exactly the other one.
class Table {
 public:
  enum class Turn { kPing, kPong, kOver };

  void Give(Turn turn) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      turn_ = turn;
    }
    (turn == Turn::kPing ? ping_ : pong_).notify_one();
  }

  // False when it is over.
  bool Take(Turn turn) {
    std::unique_lock<std::mutex> lock(mutex_);
    (turn == Turn::kPing ? ping_ : pong_).wait(lock, [&] { return turn_ == turn || turn_ == Turn::kOver; });
    return turn_ == turn;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ping_, pong_;
  Turn turn_ = Turn::kPing;
};

}  // namespace

// roundTrip…, roundTripsPerSecond
void MeasureRoundTrip(const std::string&, const Parameters& parameters, Figures* figures) {
  using Turn = Table::Turn;
  Table table;
  std::thread other([&table] {
    while (table.Take(Turn::kPong)) table.Give(Turn::kPing);
  });
  Latencies latencies;
  int64_t trips = 0;
  const Deadline deadline(parameters);
  do {
    const auto begin = std::chrono::steady_clock::now();
    table.Give(Turn::kPong);
    table.Take(Turn::kPing);
    latencies.Add(std::chrono::steady_clock::now() - begin);
    trips++;
  } while (!deadline.passed());
  figures->Set("roundTripsPerSecond", static_cast<double>(trips) / deadline.seconds());
  table.Give(Turn::kOver);
  other.join();
  latencies.Report("roundTrip", figures);
}

}  // namespace millrace::bench
