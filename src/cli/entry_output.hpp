// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/content_access.hpp"
#include "cli/output.hpp"

namespace skrei::cli {

/// TYPE, SIZE, CID, NAME. A CID is never cut: it is what people copy.
Row entry_row(const ContentEntry& entry, OutputFormat format);
/// In the words of the API.
json::Value entry_json(const ContentEntry& entry);

}  // namespace skrei::cli
