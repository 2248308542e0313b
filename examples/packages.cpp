// SPDX-License-Identifier: Apache-2.0
// packages [INPUTS [OUTPUTS]]: reads tables of installed packages as dpkg keeps them
// (/var/lib/dpkg/status) and answers where the disk went and what everything leans on. Writes
// OUTPUTS/packages.csv and OUTPUTS/sections.csv (/outputs) and a summary to stdout.

#include <cstdint>
#include <map>
#include <set>
#include <string_view>

#include "input_files.hpp"

namespace {

struct Package {
  std::string name;
  std::string section;
  std::uint64_t kib = 0;
  std::set<std::string> depends;
  /// How many installed packages depend on it.
  std::size_t needed_by = 0;
};

using Packages = std::map<std::string, Package>;
/// Field names of one paragraph and their values, continuation lines joined.
using Fields = std::map<std::string, std::string, std::less<>>;

/// "libc6 (>= 2.34), perl:any | perl5" gives libc6 and perl: the first of alternatives is what dpkg
/// prefers.
std::set<std::string> names_in(std::string_view list) {
  std::set<std::string> names;
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
    item = item.substr(0, item.find_first_of(" \t(|:"));
    if (!item.empty()) {
      names.insert(std::string(item));
    }
  }
  return names;
}

std::string field(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

void add_package(const Fields& fields, Packages& packages) {
  // What was removed and left its settings behind is in the table as well.
  if (field(fields, "Package").empty() || !field(fields, "Status").ends_with(" installed")) {
    return;
  }
  Package package;
  package.name = field(fields, "Package");
  package.section = field(fields, "Section");
  if (package.section.empty()) {
    package.section = "unknown";
  }
  package.kib = std::strtoull(field(fields, "Installed-Size").c_str(), nullptr, 10);
  package.depends = names_in(field(fields, "Depends") + "," + field(fields, "Pre-Depends"));
  packages[package.name] = package;
}

/// Paragraphs of "Name: value" between empty lines; a line that begins with a space goes on the
/// last value.
void read_table(std::string_view text, Packages& packages) {
  Fields fields;
  std::string last;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t colon = line.find(':');
    if (line.empty()) {
      add_package(fields, packages);
      fields.clear();
      last.clear();
    } else if (line.front() == ' ' || line.front() == '\t') {
      fields[last] += line;
    } else if (colon != std::string_view::npos) {
      std::string_view value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      last = line.substr(0, colon);
      fields[last] = value;
    }
  }
  add_package(fields, packages);
}

void count_needs(Packages& packages) {
  for (const auto& [name, package] : packages) {
    for (const std::string& needed : package.depends) {
      if (const auto found = packages.find(needed); found != packages.end()) {
        ++found->second.needed_by;
      }
    }
  }
}

/// The packages in descending order of `key`.
template <class Key>
std::vector<const Package*> ranked(const Packages& packages, Key key) {
  std::vector<const Package*> order;
  for (const auto& [name, package] : packages) {
    order.push_back(&package);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](const Package* a, const Package* b) { return key(*a) > key(*b); });
  return order;
}

void write_tables(const std::string& outputs, const Packages& packages,
                  const std::map<std::string, std::uint64_t>& sections) {
  std::string csv = "package,section,installed_kib,needed_by\n";
  for (const auto& [name, package] : packages) {
    csv += examples::csv_field(name) + "," + examples::csv_field(package.section) + "," +
           std::to_string(package.kib) + "," + std::to_string(package.needed_by) + "\n";
  }
  examples::write_file(outputs + "/packages.csv", csv);
  csv = "section,installed_kib\n";
  for (const auto& [section, kib] : sections) {
    csv += examples::csv_field(section) + "," + std::to_string(kib) + "\n";
  }
  examples::write_file(outputs + "/sections.csv", csv);
}

double mib(std::uint64_t kib) {
  return static_cast<double>(kib) / 1024;
}

void print_sections(const std::map<std::string, std::uint64_t>& sections) {
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [section, kib] : sections) {
    order.emplace_back(kib, section);
  }
  std::sort(order.rbegin(), order.rend());
  std::printf("\nwhere the disk went\n");
  for (std::size_t i = 0; i < order.size() && i < 6; ++i) {
    const auto most = std::max<std::uint64_t>(1, order.front().first);
    const std::string bar(1 + static_cast<std::size_t>(order[i].first * 30 / most), '#');
    std::printf("%9.1f MiB  %-16s %s\n", mib(order[i].first), order[i].second.c_str(), bar.c_str());
  }
}

/// How evenly packages are leaned on: most of them by nobody, few of them by almost everybody.
void print_histogram(const Packages& packages) {
  constexpr std::size_t kBounds[] = {0, 1, 4, 16, 64};
  const char* labels[] = {"by none", "by 1 to 3", "by 4 to 15", "by 16 to 63", "by 64 and more"};
  std::size_t counts[std::size(kBounds)] = {};
  for (const auto& [name, package] : packages) {
    std::size_t bin = std::size(kBounds) - 1;
    while (package.needed_by < kBounds[bin]) {
      --bin;
    }
    ++counts[bin];
  }
  std::printf("\npackages that are needed …\n");
  for (std::size_t i = 0; i < std::size(kBounds); ++i) {
    std::printf("%13zu  %s\n", counts[i], labels[i]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string inputs = argc > 1 ? argv[1] : "/inputs";
  const std::string outputs = argc > 2 ? argv[2] : "/outputs";

  Packages packages;
  for (const auto& file : examples::read_inputs(inputs)) {
    read_table(file.text, packages);
  }
  if (packages.empty()) {
    examples::fail("there is no installed package in the files below " + inputs);
  }
  count_needs(packages);
  std::map<std::string, std::uint64_t> sections;
  std::uint64_t total = 0;
  for (const auto& [name, package] : packages) {
    sections[package.section] += package.kib;
    total += package.kib;
  }
  write_tables(outputs, packages, sections);

  std::printf("%zu packages, %.1f MiB installed\n", packages.size(), mib(total));
  print_sections(sections);
  std::printf("\nlargest\n");
  const auto by_size = ranked(packages, [](const Package& p) { return p.kib; });
  for (std::size_t i = 0; i < by_size.size() && i < 5; ++i) {
    std::printf("%9.1f MiB  %s\n", mib(by_size[i]->kib), by_size[i]->name.c_str());
  }
  std::printf("\nneeded by most\n");
  const auto by_need = ranked(packages, [](const Package& p) { return p.needed_by; });
  for (std::size_t i = 0; i < by_need.size() && i < 5; ++i) {
    std::printf("%13zu  %s\n", by_need[i]->needed_by, by_need[i]->name.c_str());
  }
  print_histogram(packages);
  return 0;
}
