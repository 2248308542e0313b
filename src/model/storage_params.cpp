// SPDX-License-Identifier: Apache-2.0
#include "model/storage_params.hpp"

#include "json/words.hpp"
#include "model/params_codec.hpp"
#include "model/words.hpp"
#include "multi/cid.hpp"

namespace skrei::model {
namespace {

constexpr std::string_view kWhat = "input source";
constexpr std::string_view kInline = "inline";
constexpr std::string_view kIpfs = "ipfs";
constexpr std::string_view kLocalDirectory = "localDirectory";
constexpr std::string_view kLocal = "local";

constexpr WordTable<CreateAs, 3> kCreateAs{
    {{CreateAs::Dir, "dir"}, {CreateAs::File, "file"}, {CreateAs::NoCreate, "noCreate"}}};

}  // namespace

std::string_view to_string(CreateAs create_as) {
  return print_word(kCreateAs, create_as);
}
Result<CreateAs> parse_create_as(std::string_view text) {
  if (text.empty()) return CreateAs::NoCreate;
  return parse_word(kCreateAs, "CreateAs", text);
}

constexpr auto json_fields(const InlineSource*) {
  return std::tuple{json::field("URL", &InlineSource::url)};
}
constexpr auto json_fields(const IpfsSource*) {
  return std::tuple{json::field("CID", &IpfsSource::cid)};
}
constexpr auto json_fields(const LocalDirectorySource*) {
  using Source = LocalDirectorySource;
  using CreateWord = json::Words<CreateAs, parse_create_as, to_string>;
  return std::tuple{json::field("SourcePath", &Source::source_path),
                    json::field("ReadWrite", &Source::read_write),
                    json::field<CreateWord>("CreateAs", &Source::create_as)};
}
static_assert(json::kCoversAllMembers<InlineSource> && json::kCoversAllMembers<IpfsSource> &&
              json::kCoversAllMembers<LocalDirectorySource>);

Result<InlineSource> inline_source(const SpecConfig& source) {
  TRY_ASSIGN(InlineSource params, decode_params<InlineSource>(kWhat, kInline, source));
  if (!equal_ignoring_case(std::string_view(params.url).substr(0, 5), "data:")) {
    return fail(Code::InvalidArgument,
                "input source \"inline\": URL must be a data URL, as data:text/plain,hello");
  }
  return params;
}

Result<IpfsSource> ipfs_source(const SpecConfig& source) {
  TRY_ASSIGN(IpfsSource params, decode_params<IpfsSource>(kWhat, kIpfs, source));
  if (params.cid.empty()) {
    return fail(Code::InvalidArgument, "input source \"ipfs\": CID is missing");
  }
  TRY(with_context(multi::Cid::parse(params.cid), "input source \"ipfs\""));
  return params;
}

Result<LocalDirectorySource> local_directory_source(const SpecConfig& source) {
  const std::string_view kind = is_kind(source, kLocal) ? kLocal : kLocalDirectory;
  TRY_ASSIGN(LocalDirectorySource params, decode_params<LocalDirectorySource>(kWhat, kind, source));
  const std::string& path = params.source_path;
  if (!path.starts_with('/') && !path.starts_with("~/")) {
    return fail(Code::InvalidArgument,
                "input source \"{}\": SourcePath \"{}\" must be absolute or begin with ~/", kind,
                path);
  }
  return params;
}

SpecConfig to_spec(const InlineSource& source) {
  return encode_params(kInline, source);
}
SpecConfig to_spec(const IpfsSource& source) {
  return encode_params(kIpfs, source);
}
SpecConfig to_spec(const LocalDirectorySource& source) {
  return encode_params(kLocalDirectory, source);
}

}  // namespace skrei::model
