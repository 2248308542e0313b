// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace skrei {
namespace {

TEST(Bytes, HexRoundTripsAndRefusesOtherText) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0xff, 0x1a}), "00ff1a");
  EXPECT_EQ(from_hex("00FF1a"), (Bytes{0x00, 0xff, 0x1a}));

  EXPECT_EQ(from_hex("abc").error().code, Code::InvalidArgument);
  EXPECT_EQ(from_hex("zz").error().code, Code::InvalidArgument);
}

TEST(Bytes, Base64MatchesRfc4648Vectors) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
    EXPECT_EQ(from_base64(encoded), to_bytes(plain));
  }
  EXPECT_EQ(to_base64url(Bytes{0xfb, 0xff}), "-_8");
  EXPECT_EQ(from_base64url("-_8"), (Bytes{0xfb, 0xff}));
  EXPECT_FALSE(from_base64("A"));
  EXPECT_FALSE(from_base64("A*=="));
}

TEST(Bytes, InvalidUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(to_valid_utf8("a\xff"
                          "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(to_valid_utf8("\xc3\xa4\xf0\x9f\x90\x9f"), "\xc3\xa4\xf0\x9f\x90\x9f");
  EXPECT_EQ(to_valid_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // surrogate
  EXPECT_EQ(to_valid_utf8("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd");                  // overlong
}

TEST(Bytes, Utf8PrefixEndsBeforeACutSequence) {
  EXPECT_EQ(utf8_prefix_length("abc"), 3u);
  EXPECT_EQ(utf8_prefix_length("ab\xc3"), 2u);
  EXPECT_EQ(utf8_prefix_length("ab\xc3\xa4"), 4u);
  EXPECT_EQ(utf8_prefix_length("a\xf0\x9f\x90"), 1u);
  EXPECT_EQ(utf8_prefix_length("a\x80\x80\x80\x80"), 5u);  // never valid: nothing to wait for
}

}  // namespace
}  // namespace skrei
