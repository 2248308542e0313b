// SPDX-License-Identifier: Apache-2.0
// likeness [INPUTS [OUTPUTS]]: which texts below INPUTS (/inputs) were written from one another?
// Two texts are alike by the share of their runs of three words that they have in common (Jaccard
// index of shingles). Texts of the same bytes count once. Writes OUTPUTS/texts.csv and
// OUTPUTS/likeness.csv (/outputs) and says on stdout what a person wants to know: size and long
// words of each text, and the pairs most alike.

#include <map>
#include <set>

#include "input_files.hpp"
#include "words.hpp"

namespace {

struct Text {
  std::string name;
  std::size_t words = 0;
  std::size_t distinct = 0;
  /// Share of words of ten letters and more, in percent: a rough measure of how hard it reads.
  double long_words = 0;
  std::set<std::string> shingles;
};

struct Pair {
  const Text* a;
  const Text* b;
  double percent;
};

Text measure(const examples::InputFile& file) {
  const auto words = examples::words_of(file.text);
  Text text;
  text.name = file.name;
  text.words = words.size();
  text.distinct = std::set<std::string>(words.begin(), words.end()).size();
  const auto long_ones =
      std::count_if(words.begin(), words.end(), [](const auto& w) { return w.size() >= 10; });
  text.long_words =
      words.empty() ? 0
                    : 100.0 * static_cast<double>(long_ones) / static_cast<double>(words.size());
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    text.shingles.insert(words[i] + " " + words[i + 1] + " " + words[i + 2]);
  }
  return text;
}

/// Several names of one text (links, copies) are one text; the longest name says most: "GPL-3", not
/// "GPL".
std::vector<Text> measure_all(const std::vector<examples::InputFile>& files) {
  std::vector<Text> texts;
  std::map<std::string, std::size_t> seen;
  for (const auto& file : files) {
    const auto [known, fresh] = seen.emplace(file.text, texts.size());
    if (fresh) {
      texts.push_back(measure(file));
    } else if (texts[known->second].name.size() < file.name.size()) {
      texts[known->second].name = file.name;
    }
  }
  return texts;
}

double likeness(const Text& a, const Text& b) {
  const auto common = std::count_if(a.shingles.begin(), a.shingles.end(), [&](const auto& shingle) {
    return b.shingles.count(shingle) != 0;
  });
  const double all =
      static_cast<double>(a.shingles.size() + b.shingles.size()) - static_cast<double>(common);
  return all == 0 ? 0 : 100.0 * static_cast<double>(common) / all;
}

std::vector<Pair> compare(const std::vector<Text>& texts) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = i + 1; j < texts.size(); ++j) {
      pairs.push_back({&texts[i], &texts[j], likeness(texts[i], texts[j])});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.percent > b.percent; });
  return pairs;
}

std::string one_decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

void write_tables(const std::string& outputs, const std::vector<Text>& texts,
                  const std::vector<Pair>& pairs) {
  std::string csv = "text,words,distinct_words,long_words_percent\n";
  for (const Text& text : texts) {
    csv += examples::csv_field(text.name) + "," + std::to_string(text.words) + "," +
           std::to_string(text.distinct) + "," + one_decimal(text.long_words) + "\n";
  }
  examples::write_file(outputs + "/texts.csv", csv);
  csv = "text,other,common_percent\n";
  for (const Pair& pair : pairs) {
    csv += examples::csv_field(pair.a->name) + "," + examples::csv_field(pair.b->name) + "," +
           one_decimal(pair.percent) + "\n";
  }
  examples::write_file(outputs + "/likeness.csv", csv);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string inputs = argc > 1 ? argv[1] : "/inputs";
  const std::string outputs = argc > 2 ? argv[2] : "/outputs";

  const auto files = examples::read_inputs(inputs);
  const auto texts = measure_all(files);
  const auto pairs = compare(texts);
  write_tables(outputs, texts, pairs);

  std::printf("%zu files, %zu different texts\n\n%-14s %7s %9s %11s\n", files.size(), texts.size(),
              "text", "words", "distinct", "long words");
  for (const Text& text : texts) {
    std::printf("%-14s %7zu %9zu %10.1f%%\n", text.name.c_str(), text.words, text.distinct,
                text.long_words);
  }
  std::printf("\nmost alike (runs of three words in common)\n");
  for (std::size_t i = 0; i < pairs.size() && i < 6; ++i) {
    std::printf("%6.1f%%  %s, %s\n", pairs[i].percent, pairs[i].a->name.c_str(),
                pairs[i].b->name.c_str());
  }
  return 0;
}
