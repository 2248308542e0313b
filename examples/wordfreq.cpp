// SPDX-License-Identifier: Apache-2.0
// wordfreq [INPUTS [OUTPUTS]]: counts the words of every file below INPUTS (/inputs), writes
// OUTPUTS/wordfreq.csv (/outputs), and says on stdout what it saw.

#include <cstdint>
#include <map>

#include "input_files.hpp"
#include "words.hpp"

int main(int argc, char** argv) {
  const std::string inputs = argc > 1 ? argv[1] : "/inputs";
  const std::string outputs = argc > 2 ? argv[2] : "/outputs";

  const auto files = examples::read_inputs(inputs);
  std::map<std::string, std::uint64_t> counts;
  std::uint64_t total = 0;
  for (const auto& file : files) {
    for (const std::string& word : examples::words_of(file.text)) {
      ++counts[word];
      ++total;
    }
  }

  // Most frequent first; words of the same count in their order.
  std::vector<std::pair<std::string, std::uint64_t>> ranked(counts.begin(), counts.end());
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });

  std::string csv = "word,count\n";
  for (const auto& [word, count] : ranked) {
    csv += word + "," + std::to_string(count) + "\n";
  }
  examples::write_file(outputs + "/wordfreq.csv", csv);

  std::printf("%zu files, %llu words, %zu different ones\n", files.size(),
              static_cast<unsigned long long>(total), ranked.size());
  for (std::size_t i = 0; i < ranked.size() && i < 10; ++i) {
    std::printf("%8llu  %s\n", static_cast<unsigned long long>(ranked[i].second),
                ranked[i].first.c_str());
  }
  return 0;
}
