// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/compile_cache.hpp"

#include <array>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/testing/manual_clock.hpp"
#include "base/testing/temp_dir.hpp"
#include "executor/wasm/artifact_folder.hpp"

namespace skrei::executor::wasm {
namespace {

using std::chrono_literals::operator""s;

WallsLevel level_here() {
  return choose_level(probe_walls(), WeakSandbox::Allow).value();
}

/// "\0asm", version 1 and nothing else: the smallest module.
Bytes empty_module() {
  return {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00};
}

/// The empty module with a custom section that makes its digest another.
Bytes module_number(std::uint8_t number) {
  Bytes module = empty_module();
  for (const auto byte : std::initializer_list<std::uint8_t>{0x00, 0x03, 0x01, 0x6e, 0x00})
    module.push_back(byte);
  module.back() = number;
  return module;
}

void append_leb(Bytes& bytes, std::uint32_t value) {
  do {
    const auto low = static_cast<std::uint8_t>(value & 0x7F);
    value >>= 7;
    bytes.push_back(value == 0 ? low : static_cast<std::uint8_t>(low | 0x80));
  } while (value != 0);
}

void append_section(Bytes& module, std::uint8_t id, const Bytes& body) {
  module.push_back(id);
  append_leb(module, static_cast<std::uint32_t>(body.size()));
  module.insert(module.end(), body.begin(), body.end());
}

/// One function of `rounds` additions: the compiler's memory and time grow with it.
Bytes huge_function(std::uint32_t rounds) {
  Bytes module = empty_module();
  append_section(module, 1, {0x01, 0x60, 0x01, 0x7F, 0x01, 0x7F});  // (i32) -> i32
  append_section(module, 3, {0x01, 0x00});
  Bytes code = {0x00};
  for (std::uint32_t i = 0; i < rounds; ++i) {
    // local.get 0, local.get 0, i32.mul, local.get 0, i32.xor, local.set 0
    for (const auto byte : std::initializer_list<std::uint8_t>{0x20, 0x00, 0x20, 0x00, 0x6c, 0x20,
                                                               0x00, 0x73, 0x21, 0x00}) {
      code.push_back(byte);
    }
  }
  for (const auto byte : std::initializer_list<std::uint8_t>{0x20, 0x00, 0x0B})
    code.push_back(byte);
  Bytes body = {0x01};
  append_leb(body, static_cast<std::uint32_t>(code.size()));
  body.insert(body.end(), code.begin(), code.end());
  append_section(module, 10, body);
  return module;
}

UniqueFd file_with(ByteView bytes) {
  UniqueFd file(memfd_create("module", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(file.get(), bytes, "module"));
  return file;
}

Result<void> compile(const CompileRunner& runner, const Bytes& module) {
  const UniqueFd artifact = file_with({});
  return runner.compile(file_with(module).get(), artifact.get(), sha256(module), {});
}

TEST(CompileRunner, CompilesInsideItsWallsAndAsAnotherUserWherePossible) {
  const WallsSupport support = probe_walls();
  CompileRunner::Options options{.level = level_here()};
  if (support.users) options.user = support.users->at(3);
  const Bytes module = huge_function(100);
  const UniqueFd artifact = file_with({});

  const auto done =
      CompileRunner(options).compile(file_with(module).get(), artifact.get(), sha256(module), {});

  ASSERT_TRUE(done) << done.error().message;
  EXPECT_GT(lseek(artifact.get(), 0, SEEK_END), 1000);
}

TEST(CompileRunner, SaysWhatIsWrongInAModule) {
  const CompileRunner runner({.level = level_here()});

  const auto text = compile(runner, to_bytes("#!/bin/sh\necho no module\n"));
  const auto empty = compile(runner, {});

  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::InvalidArgument);
  EXPECT_TRUE(text.error().message.contains("not a WebAssembly module")) << text.error().message;
  EXPECT_EQ(empty.error(), (Error{Code::InvalidArgument, "module: the file is empty"}));
}

TEST(CompileRunner, RefusesAModuleThatIsNotTheOneNamed) {
  const Bytes module = module_number(1);
  const UniqueFd artifact = file_with({});

  const auto done = CompileRunner({.level = level_here()})
                        .compile(file_with(module).get(), artifact.get(), Sha256Digest{}, {});

  EXPECT_EQ(done.error().code, Code::InvalidArgument);
  EXPECT_TRUE(done.error().message.contains("SHA-256"));
}

TEST(CompileRunner, EachLimitHasItsSentence) {
  const Bytes module = huge_function(200'000);
  const auto error_with = [&module](CompileLimits limits) {
    const auto done = compile(CompileRunner({.limits = limits, .level = level_here()}), module);
    return done ? Error{Code::Internal, "it compiled"} : done.error();
  };

  EXPECT_TRUE(error_with({.module_bytes_max = 1000}).message.contains("at most 1000 are taken"));
  EXPECT_TRUE(error_with({.wall_max = 0s}).message.contains("needed more than 0 s"));
  const Error cpu = error_with({.cpu_max = 0s});
  EXPECT_EQ(cpu.message, "module too costly to compile: needed more than 0 s of CPU time");
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "AddressSanitizer's shadow memory is above any limit on memory";
#endif
#endif
  const Error memory = error_with({.memory_bytes_max = 64 << 20});
  EXPECT_EQ(memory.code, Code::ResourceExhausted);
  EXPECT_EQ(memory.message, "module too costly to compile: needed more than 64 MiB of memory");
}

TEST(CompileRunner, AnArtifactBeyondItsLimitIsTooCostly) {
  const auto done =
      compile(CompileRunner({.limits = {.artifact_bytes_max = 512}, .level = level_here()}),
              huge_function(100));

  EXPECT_EQ(done.error().code, Code::ResourceExhausted);
  EXPECT_TRUE(done.error().message.contains("machine code")) << done.error().message;
}

TEST(CompileRunner, StopKillsWhatComesAfterToo) {
  CompileRunner runner({.level = level_here()});
  runner.stop();

  EXPECT_EQ(compile(runner, empty_module()).error().code, Code::Cancelled);
}

TEST(CompileRunner, FingerprintDependsOnTheEngineOnly) {
  const CompileRunner runner({.level = level_here()});
  using Metering = native::WasmEngineOptions::Metering;

  const auto plain = runner.fingerprint({});
  ASSERT_TRUE(plain) << plain.error().message;

  EXPECT_EQ(plain, native::WasmEngine::create({})->fingerprint());
  EXPECT_EQ(plain, runner.fingerprint({}));
  EXPECT_NE(plain, runner.fingerprint({.metering = Metering::On}));
}

class Cache : public ::testing::Test {
 protected:
  Cache() { options_.compiler.level = level_here(); }

  void open() {
    cache_.reset();
    auto opened = CompileCache::open(options_, pool_, clock_, random_);
    ASSERT_TRUE(opened) << opened.error().message;
    cache_ = std::move(*opened);
  }

  async::Task<void> store(Bytes module, Result<CompiledModule>& result) {
    result = co_await cache_->get(file_with(module), sha256(module), {});
  }

  Result<CompiledModule> get(const Bytes& module) {
    Result<CompiledModule> result = fail(Code::Internal, "no answer");
    loop_.run_task(store(module, result));
    return result;
  }

  std::vector<std::filesystem::path> artifacts() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(options_.folder)) {
      if (entry.path().extension() == ".cwasm") found.push_back(entry.path());
    }
    return found;
  }

  skrei::testing::TempDir dir_;
  CompileCache::Options options_{.folder = dir_.path() / "compiled"};
  async::Loop loop_;
  async::BlockingPool pool_{{.threads = 1, .queue_limit = 16}};
  skrei::testing::ManualClock clock_;
  SystemRandom random_;
  std::unique_ptr<CompileCache> cache_;
};

TEST_F(Cache, CompilesOnceAndFindsItAgainAfterARestart) {
  open();
  const auto first = get(empty_module());
  ASSERT_TRUE(first) << first.error().message;
  const auto second = get(empty_module());
  ASSERT_TRUE(second);
  open();
  const auto third = get(empty_module());
  ASSERT_TRUE(third);

  EXPECT_EQ(first->source, CompiledModule::Source::Compiled);
  EXPECT_EQ(second->source, CompiledModule::Source::Cache);
  EXPECT_EQ(third->source, CompiledModule::Source::Cache);
  const auto engine = native::WasmEngine::create({});
  ASSERT_TRUE(engine);
  EXPECT_TRUE(engine->map(third->fd.get()));
}

TEST_F(Cache, NobodyElseMayReadOrWriteIt) {
  open();
  ASSERT_TRUE(get(empty_module()));

  struct stat status{};
  ASSERT_EQ(stat(options_.folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(stat((options_.folder / "key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(artifacts().at(0).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0400u);

  chmod(options_.folder.c_str(), 0770);
  EXPECT_EQ(CompileCache::open(options_, pool_, clock_, random_).error().code,
            Code::FailedPrecondition);
}

TEST_F(Cache, ChangedArtifactsAreNeverHandedOut) {
  open();
  ASSERT_TRUE(get(empty_module()));
  const std::filesystem::path file = artifacts().at(0);
  const auto change = [&file] {
    ASSERT_EQ(chmod(file.c_str(), 0600), 0);
    const auto opened = open_file(file, O_WRONLY);
    ASSERT_TRUE(opened);
    ASSERT_EQ(pwrite(opened->get(), "X", 1, 100), 1);
  };

  change();  // While it is known as verified.
  const auto live = get(empty_module());
  ASSERT_TRUE(live);
  EXPECT_EQ(live->source, CompiledModule::Source::Compiled);
  EXPECT_EQ(cache_->stats().corrupt, 1u);

  open();
  change();  // Before anybody has looked at it.
  const auto stored = get(empty_module());
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->source, CompiledModule::Source::Compiled);
  EXPECT_EQ(cache_->stats().corrupt, 1u);
}

TEST_F(Cache, AnArtifactUnderAnotherModulesNameIsNotTaken) {
  open();
  ASSERT_TRUE(get(module_number(1)));
  const std::string first = artifacts().at(0).filename();
  ASSERT_TRUE(get(module_number(2)));
  std::filesystem::path second;
  for (const auto& path : artifacts()) {
    if (path.filename() != first) second = path;
  }
  std::filesystem::rename(
      options_.folder / first,
      options_.folder / (second.stem().string().substr(0, 64) + first.substr(64)));
  std::filesystem::remove(second);

  open();
  const auto answer = get(module_number(2));

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->source, CompiledModule::Source::Compiled);
  EXPECT_EQ(cache_->stats().corrupt, 1u);
}

TEST_F(Cache, AtomicInItsFilesAndCleansLeftOvers) {
  open();
  std::ofstream(options_.folder / "0123.tmp") << "half";
  open();

  EXPECT_FALSE(std::filesystem::exists(options_.folder / "0123.tmp"));
}

TEST_F(Cache, ConcurrentCallsShareOneCompilation) {
  open();
  std::array<Result<CompiledModule>, 5> results = {
      fail(Code::Internal, "-"), fail(Code::Internal, "-"), fail(Code::Internal, "-"),
      fail(Code::Internal, "-"), fail(Code::Internal, "-")};
  async::TaskScope scope(loop_);
  for (auto& result : results)
    scope.spawn("get", store(huge_function(50), result));

  loop_.run_task(scope.join());

  for (const auto& result : results)
    EXPECT_TRUE(result);
  EXPECT_EQ(cache_->stats().compiled, 1u);
  EXPECT_EQ(cache_->stats().shared + cache_->stats().hits, 4u);
}

TEST_F(Cache, LeastRecentlyUsedGoesFirst) {
  open();
  const auto size = get(module_number(1));
  ASSERT_TRUE(size);
  options_.bytes_max = 2 * size->bytes;
  open();
  ASSERT_TRUE(get(module_number(1)));
  ASSERT_TRUE(get(module_number(2)));
  ASSERT_TRUE(get(module_number(1)));

  ASSERT_TRUE(get(module_number(3)));

  EXPECT_EQ(cache_->stats().evicted, 1u);
  EXPECT_EQ(artifacts().size(), 2u);
  EXPECT_EQ(get(module_number(1))->source, CompiledModule::Source::Cache);
  EXPECT_EQ(get(module_number(2))->source, CompiledModule::Source::Compiled);
}

TEST_F(Cache, AnArtifactLargerThanTheCacheIsHandedOutButNotKept) {
  options_.bytes_max = 10;
  open();

  EXPECT_TRUE(get(empty_module()));
  EXPECT_TRUE(artifacts().empty());
  EXPECT_EQ(cache_->stats().bytes, 0u);
}

TEST_F(Cache, AModuleThatDoesNotCompileIsRememberedForAWhile) {
  open();
  const Bytes bad = to_bytes("no module");

  const auto first = get(bad);
  const auto second = get(bad);
  clock_.advance(options_.failure_memory + 1s);
  const auto third = get(bad);

  EXPECT_EQ(first.error().code, Code::InvalidArgument);
  EXPECT_EQ(first.error(), second.error());
  EXPECT_EQ(first.error(), third.error());
  EXPECT_EQ(cache_->stats().refused, 1u);
  EXPECT_EQ(cache_->stats().failed, 2u);
}

}  // namespace
}  // namespace skrei::executor::wasm
