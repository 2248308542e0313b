// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/blocking.hpp"
#include "content/content_store.hpp"
#include "publisher/publisher.hpp"

namespace skrei::publisher::ipfs {

/// Publisher "ipfs": the result becomes one folder in the node's store (profile unixfs-v1-2025,
/// hidden files included), pinned for the job, {"Type":"ipfs","Params":{"CID":…}}.
class IpfsPublisher final : public Publisher {
 public:
  IpfsPublisher(content::ContentStore& store, async::BlockingPool& pool)
      : store_(store), pool_(pool) {}

  Result<void> validate(const model::SpecConfig& publisher) const override;
  async::Task<Result<model::SpecConfig>> publish(PublishRequest request) override;
  async::Task<Result<void>> withdraw(std::vector<JobId> jobs) override;

 private:
  content::ContentStore& store_;
  async::BlockingPool& pool_;
};

}  // namespace skrei::publisher::ipfs
