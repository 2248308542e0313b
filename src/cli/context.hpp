// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/globals.hpp"
#include "cli/io.hpp"

namespace skrei::cli {

/// What a command is given to work with.
class Context {
 public:
  Context(Io& io, Globals globals) : io_(io), globals_(std::move(globals)) {}

  Io& io() { return io_; }
  const Globals& globals() const { return globals_; }

 private:
  Io& io_;
  Globals globals_;
};

}  // namespace skrei::cli
