// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/job.hpp"

namespace skrei::model {

/// Input source "inline": the bytes travel within the job.
struct InlineSource {
  /// A data URL (RFC 2397). Of media type application/gzip: an archive that is unpacked.
  std::string url;

  bool operator==(const InlineSource&) const = default;
};

/// Input source "ipfs".
struct IpfsSource {
  /// CID, v0 or v1, in text.
  std::string cid;

  bool operator==(const IpfsSource&) const = default;
};

enum class CreateAs { Dir, File, NoCreate };

/// "dir", "file", "noCreate".
std::string_view to_string(CreateAs create_as);
Result<CreateAs> parse_create_as(std::string_view text);

/// Input source "localDirectory" (also "local"): a path of the node, by its allow-list.
struct LocalDirectorySource {
  /// Absolute, or beginning with "~/".
  std::string source_path;
  bool read_write = false;
  /// What is made where nothing is.
  CreateAs create_as = CreateAs::NoCreate;

  bool operator==(const LocalDirectorySource&) const = default;
};

/// InvalidArgument if the kind is another, a required parameter is missing, or one is unknown (the
/// message names the nearest right one).
Result<InlineSource> inline_source(const SpecConfig& source);
Result<IpfsSource> ipfs_source(const SpecConfig& source);
Result<LocalDirectorySource> local_directory_source(const SpecConfig& source);

SpecConfig to_spec(const InlineSource& source);
SpecConfig to_spec(const IpfsSource& source);
SpecConfig to_spec(const LocalDirectorySource& source);

}  // namespace skrei::model
