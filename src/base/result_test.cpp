// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>
#include <memory>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"

namespace skrei {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(Code::InvalidArgument, "{} is odd", value);
  return value / 2;
}

Result<int> quarter(int value) {
  TRY_ASSIGN(const int once, half(value));
  TRY_ASSIGN(const auto twice, half(once));
  return twice;
}

Result<std::unique_ptr<int>> boxed(int value) {
  TRY(half(value));
  return std::make_unique<int>(value);
}

TEST(Result, TryHandsErrorsThroughAndValuesOn) {
  EXPECT_EQ(quarter(12), 3);
  EXPECT_EQ(quarter(6).error(), (Error{Code::InvalidArgument, "3 is odd"}));
  EXPECT_EQ(**boxed(4), 4);
  EXPECT_FALSE(boxed(5));
}

TEST(Result, ContextIsPutInFront) {
  EXPECT_EQ(with_context(half(3), "job j-1").error().message, "job j-1: 3 is odd");
}

TEST(Error, OfErrnoNamesTheThingAndGetsAFittingCode) {
  EXPECT_EQ(errno_error(ENOENT, "/x").code, Code::NotFound);
  EXPECT_EQ(errno_error(ENOSPC, "/x").code, Code::OutOfSpace);
  EXPECT_EQ(errno_error(ENOENT, "/x").message, "/x: No such file or directory");
}

TEST(Error, EveryCodeHasANameAndAStatus) {
  EXPECT_EQ(to_string(Code::NotFound), "NotFound");
  EXPECT_EQ(http_status(Code::ResourceExhausted), 429);
  EXPECT_TRUE(is_retryable(Code::Unavailable));
  EXPECT_FALSE(is_retryable(Code::InvalidArgument));
}

TEST(Hash, Sha256AndHmacMatchPublishedVectors) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.update(as_bytes("a"));
  pieces.update(as_bytes("bc"));
  EXPECT_EQ(pieces.finish(), sha256(as_bytes("abc")));
  // RFC 4231, test case 2.
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Random, UuidsHaveTheFormOfVersion4AndDiffer) {
  SystemRandom random;
  const std::string first = random.uuid();
  EXPECT_EQ(first.size(), 36u);
  EXPECT_EQ(first[14], '4');
  EXPECT_NE(first, random.uuid());
  EXPECT_EQ(SeededRandom(7).uuid(), SeededRandom(7).uuid());
}

TEST(Ids, FormatAsTheirText) {
  EXPECT_EQ(fmt::format("{}", JobId("j-1")), "j-1");
}

}  // namespace
}  // namespace skrei
