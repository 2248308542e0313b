// SPDX-License-Identifier: Apache-2.0
#include "base/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/assert.hpp"

namespace skrei {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256Digest sha256(ByteView bytes) {
  Sha256Digest digest;
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

Sha256Digest hmac_sha256(ByteView key, ByteView bytes) {
  Sha256Digest digest;
  unsigned length = digest.size();
  const auto* result = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(),
                            bytes.size(), digest.data(), &length);
  SKREI_ASSERT(result != nullptr && length == digest.size());
  return digest;
}

bool constant_time_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Sha256::Sha256() : state_(std::make_unique<State>()) {
  const int ok = EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr);
  SKREI_ASSERT(ok == 1);
}

Sha256::~Sha256() = default;

void Sha256::update(ByteView bytes) {
  const int ok = EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
  SKREI_ASSERT(ok == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  const int ok = EVP_DigestFinal_ex(state_->context, digest.data(), nullptr);
  SKREI_ASSERT(ok == 1);
  return digest;
}

}  // namespace skrei
