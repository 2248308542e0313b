// SPDX-License-Identifier: Apache-2.0
#include "publisher/ipfs/ipfs_publisher.hpp"

#include "content/import.hpp"
#include "model/publisher_params.hpp"

namespace skrei::publisher::ipfs {
namespace {

/// Imports the parts of one result under one budget.
class ResultFolder {
 public:
  ResultFolder(content::BlockSink& sink, Budget budget) : sink_(sink) {
    options_.budget = budget;
    options_.hidden = content::Hidden::Include;
    options_.mounts = Mounts::Refuse;
  }

  Result<void> add_path(const std::string& name, const std::filesystem::path& path) {
    std::uint64_t read = 0;
    options_.progress = [&read](std::uint64_t done) {
      read = done;
    };
    TRY_ASSIGN(content::DagLink link, content::import_path(sink_, path, options_));
    options_.budget.bytes -= read;
    return add(name, std::move(link));
  }

  Result<void> add_text(const std::string& name, std::string_view text) {
    content::FileBuilder builder(*options_.profile, sink_);
    TRY(builder.write(as_bytes(text)));
    TRY_ASSIGN(content::DagLink link, builder.finish());
    return add(name, std::move(link));
  }

  Result<content::DagLink> finish() {
    return content::build_folder(*options_.profile, sink_, entries_);
  }

 private:
  Result<void> add(const std::string& name, content::DagLink link) {
    if (entries_.emplace(name, std::move(link)).second) return {};
    return fail(Code::InvalidArgument, "result: two parts are called \"{}\"; rename the output",
                to_valid_utf8(name));
  }

  content::BlockSink& sink_;
  content::ImportOptions options_;
  content::FolderEntries entries_;
};

Result<model::SpecConfig> publish_blocking(content::ContentStore& store,
                                           const PublishRequest& request) {
  TRY_ASSIGN(const auto batch, store.begin_add());
  ResultFolder folder(*batch, request.budget);
  TRY(folder.add_path("stdout", request.stdout_file));
  TRY(folder.add_path("stderr", request.stderr_file));
  TRY(folder.add_text("exitCode", std::to_string(request.exit_code)));
  for (const OutputFolder& output : request.outputs) {
    TRY(with_context(folder.add_path(output.name, output.host_path),
                     fmt::format("output \"{}\"", to_valid_utf8(output.name))));
  }
  TRY_ASSIGN(const content::DagLink root, folder.finish());
  TRY(batch->commit(root.cid,
                    content::Pin{root.cid, content::PinOwner::JobResult, request.job.str()}));
  return model::to_spec(model::IpfsResult{root.cid.to_string()});
}

}  // namespace

Result<void> IpfsPublisher::validate(const model::SpecConfig& publisher) const {
  return model::check_ipfs_publisher(publisher);
}

async::Task<Result<model::SpecConfig>> IpfsPublisher::publish(PublishRequest request) {
  CO_TRY(validate(request.publisher));
  const auto work = [this, &request] {
    return publish_blocking(store_, request);
  };
  co_return co_await async::blocking(pool_, work);
}

async::Task<Result<void>> IpfsPublisher::withdraw(std::vector<JobId> jobs) {
  const auto work = [this, &jobs] {
    std::vector<std::string> owner_ids;
    for (const JobId& job : jobs)
      owner_ids.push_back(job.str());
    return store_.unpin_owners(content::PinOwner::JobResult, owner_ids);
  };
  co_return co_await async::blocking(pool_, work);
}

}  // namespace skrei::publisher::ipfs
