// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/job.hpp"

namespace skrei::model {

struct Gpu {
  std::uint64_t index = 0;
  std::string name;
  /// "NVIDIA", "AMD/ATI", "Intel".
  std::string vendor;
  std::uint64_t memory_mib = 0;
  std::string pci_address;

  bool operator==(const Gpu&) const = default;
};

/// An amount of a machine, in units that add up exactly.
struct Resources {
  /// Thousandths of a core. On the wire a number of cores: 500 is 0.5.
  std::uint64_t cpu_millis = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t gpu = 0;
  /// The devices behind `gpu` where they are known; not counted by the arithmetic.
  std::vector<Gpu> gpus;

  bool is_zero() const;
  bool operator==(const Resources&) const = default;
};

/// Sum and difference of the four amounts. The sum stops at the largest number, the difference at
/// zero; `gpus` stay those of the left side.
Resources operator+(const Resources& a, const Resources& b);
Resources operator-(const Resources& a, const Resources& b);

/// Whether `need` fits into `room` in each of the four amounts.
bool fits(const Resources& need, const Resources& room);

/// The amounts of `need` that do not fit, as a reason for people:
/// "memory: asked 2GiB, at most 1GiB"; empty if all fit.
std::string explain_misfit(const Resources& need, const Resources& room);

/// CPU as a Kubernetes quantity: "500m", "2", "0.1", "2k" → thousandths of a core, rounded up.
Result<std::uint64_t> parse_cpu(std::string_view text);

/// Bytes: humanised ("512Mb", "1.5 GB" = powers of 1000; "1GiB" = powers of 1024), as Kubernetes
/// writes them ("512Mi", "1G", "128974848") or with an exponent ("1e9"). Any case; rounded up.
Result<std::uint64_t> parse_byte_size(std::string_view text);

Result<std::uint64_t> parse_gpu(std::string_view text);

/// All fields of a spec; empty ones are 0. Errors of several fields are joined by newlines.
Result<Resources> parse_resources(const ResourcesSpec& spec);

/// "1.5GiB", "512MB", "17B": the shortest exact form with at most one decimal, else rounded.
std::string format_byte_size(std::uint64_t bytes);
/// "cpu 500m, memory 512MB, disk 0B, gpu 0".
std::string to_string(const Resources& resources);

}  // namespace skrei::model
