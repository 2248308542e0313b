// SPDX-License-Identifier: Apache-2.0
#include "db/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

namespace skrei::db {
namespace {

struct Mapping {
  Code code;
  std::string_view what;
  std::string_view hint;
};

Mapping mapping(int extended_code) {
  if (extended_code == SQLITE_CONSTRAINT_UNIQUE || extended_code == SQLITE_CONSTRAINT_PRIMARYKEY ||
      extended_code == SQLITE_CONSTRAINT_ROWID) {
    return {Code::AlreadyExists, "the row exists", ""};
  }
  switch (extended_code & 0xff) {
    case SQLITE_FULL:
      return {Code::OutOfSpace, "the disk is full", "free some space and try again"};
    case SQLITE_NOMEM:
      return {Code::ResourceExhausted, "out of memory", ""};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::Unavailable, "locked by another process",
              "stop the other program that uses this file"};
    case SQLITE_CONSTRAINT:
      return {Code::FailedPrecondition, "a constraint does not hold", ""};
    case SQLITE_IOERR:
      return {Code::Internal, "the disk could not be read or written",
              "look after the disk; the system's log says more"};
    case SQLITE_CORRUPT:
      return {Code::Internal, "the file is damaged", "restore it from a copy"};
    case SQLITE_NOTADB:
      return {Code::FailedPrecondition, "not an SQLite database",
              "name another data directory or move the file away"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Code::PermissionDenied, "may not be written", "check the rights of file and folder"};
    case SQLITE_CANTOPEN:
      return {Code::PermissionDenied, "cannot be opened", "check the rights of file and folder"};
    case SQLITE_TOOBIG:
      return {Code::InvalidArgument, "a value is too large", ""};
    case SQLITE_INTERRUPT:
      return {Code::Cancelled, "interrupted", ""};
    default:
      return {Code::Internal, "SQLite failed", ""};
  }
}

}  // namespace

Error sqlite_error(int extended_code, std::string_view message, const std::filesystem::path& file) {
  const Mapping mapped = mapping(extended_code);
  return Error{mapped.code,
               fmt::format("database {}: {} ({}, code {})", file.native(), mapped.what, message,
                           extended_code),
               std::string(mapped.hint)};
}

}  // namespace skrei::db
