// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/scope_guard.hpp"
#include "base/testing/temp_dir.hpp"
#include "native/native_error.hpp"
#include "native/testing/wasm_modules.hpp"
#include "native/wasm_engine.hpp"
#include "native/wasm_run.hpp"

#ifndef SKREI_NATIVE_FAKE

namespace skrei::native {
namespace {

using namespace testing;

WasmEngine engine(WasmEngineOptions options = {}) {
  return *WasmEngine::create(options);
}

/// The code of a failure; nothing for a success.
template <class T>
std::optional<Code> code_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

Result<WasmModule> compile_and_load(const WasmEngine& engine, std::string_view hex) {
  TRY_ASSIGN(const auto wasm, from_hex(hex));
  TRY_ASSIGN(const auto artifact, engine.compile(wasm));
  return engine.load(artifact.bytes());
}

Result<WasmOutcome> run(const WasmEngine& engine, std::string_view hex,
                        const WasmRunOptions& options = {}) {
  TRY_ASSIGN(const auto module, compile_and_load(engine, hex));
  TRY_ASSIGN(const auto program, WasmProgram::link(module, {}, ""));
  TRY_ASSIGN(auto run, program.prepare(options));
  return run.start();
}

struct Pipe {
  Pipe() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    reader.reset(fds[0]);
    writer.reset(fds[1]);
  }
  std::string read_all() {
    writer.reset();
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t got; (got = ::read(reader.get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  UniqueFd reader;
  UniqueFd writer;
};

std::size_t entries(const char* folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder))
    ++count;
  return count;
}

TEST(NativeShell, PanicInRustIsAnErrorWithItsText) {
  const auto result = call(&skrei_native_panic_for_test);

  ASSERT_FALSE(result);
  EXPECT_EQ(code_of(result), Code::Internal);
  EXPECT_NE(result.error().message.find("asked for by a test"), std::string::npos);
}

TEST(WasmRun, ExitCodeOfTheGuestIsTheOutcome) {
  const auto outcome = run(engine(), kExit42);

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->ending, WasmEnding::Exited);
  EXPECT_EQ(outcome->exit_code, 42u);
  EXPECT_EQ(outcome->memory_peak_bytes, 65536u);
}

TEST(WasmRun, TrapIsNamedWithABacktrace) {
  const auto outcome = run(engine(), kTrap);

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->ending, WasmEnding::Trapped);
  EXPECT_EQ(outcome->trap, WasmTrap::Unreachable);
  EXPECT_NE(outcome->text.find("\nwasm backtrace:\n"), std::string::npos) << outcome->text;
}

TEST(WasmRun, MemoryLimitIsToldFromOtherTraps) {
  const auto outcome = run(engine(), kHog, {.memory_max_bytes = 1 << 20});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->ending, WasmEnding::MemoryLimit);
  EXPECT_TRUE(outcome->memory_refused);
  EXPECT_EQ(outcome->memory_peak_bytes, 1u << 20);
  EXPECT_NE(outcome->text.find("limit of 1048576 bytes"), std::string::npos) << outcome->text;
}

TEST(WasmRun, FuelRunsOut) {
  const auto outcome =
      run(engine({.metering = WasmEngineOptions::Metering::On}), kSpin, {.fuel_max = 100'000});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->ending, WasmEnding::OutOfFuel);
  EXPECT_EQ(outcome->fuel_used, 100'000u);
  EXPECT_EQ(code_of(run(engine(), kEmpty, {.fuel_max = 1})), Code::InvalidArgument);
}

TEST(WasmRun, InputAndOutputKeepEveryByte) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i)
    bytes.push_back(static_cast<char>(i % 256));
  const skrei::testing::TempDir dir;
  ASSERT_TRUE(write_file_atomically(dir.path() / "in", as_bytes(bytes)));
  const auto in = open_file(dir.path() / "in", O_RDONLY);
  const auto out = open_file(dir.path() / "out", O_RDWR | O_CREAT);

  const auto outcome = run(engine(), kEcho, {.stdin_fd = in->get(), .stdout_fd = out->get()});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->ending, WasmEnding::Exited) << outcome->text;
  EXPECT_EQ(as_chars(*read_file(dir.path() / "out", 1 << 20)), bytes);
}

TEST(WasmRun, ReadOnlyFolderRefusesANewFile) {
  constexpr std::uint32_t kWasiEperm = 63;
  const skrei::testing::TempDir dir;
  const auto fd = open_file(dir.path(), O_RDONLY | O_DIRECTORY);
  const auto create = [&](WasmAccess access) {
    return run(engine(), kCreate, {.dirs = {{"/data", fd->get(), {}, access}}});
  };

  const auto refused = create(WasmAccess::ReadOnly);
  const bool made = std::filesystem::exists(dir.path() / "x");
  const auto allowed = create(WasmAccess::ReadWrite);

  EXPECT_EQ(refused->exit_code, kWasiEperm);
  EXPECT_FALSE(made);
  EXPECT_EQ(allowed->exit_code, 0u);
  EXPECT_TRUE(std::filesystem::exists(dir.path() / "x"));
}

TEST(WasmRun, StartsOnce) {
  const auto module = compile_and_load(engine(), kEmpty);
  auto one = WasmProgram::link(*module, {}, "")->prepare({});

  ASSERT_TRUE(one->start());
  EXPECT_EQ(code_of(one->start()), Code::FailedPrecondition);
}

TEST(WasmProgram, MissingImportAndEntryAreNamed) {
  const auto foreign = run(engine(), kForeign);
  const auto module = compile_and_load(engine(), kEmpty);
  const auto entry = WasmProgram::link(*module, {}, "main");

  EXPECT_EQ(code_of(foreign), Code::FailedPrecondition);
  EXPECT_NE(foreign.error().message.find("imports env.foo, which Skrei does not provide"),
            std::string::npos);
  EXPECT_NE(entry.error().message.find("no function \"main\" to start with; it exports"),
            std::string::npos);
}

TEST(WasmProgram, FolderThatIsNotThereIsNamed) {
  const auto module = compile_and_load(engine(), kEmpty);
  const auto program = WasmProgram::link(*module, {}, "");

  const auto run = program->prepare({.dirs = {{"/in", -1, "/does/not/exist"}}});

  EXPECT_EQ(code_of(run), Code::InvalidArgument);
  EXPECT_NE(run.error().message.find("/does/not/exist"), std::string::npos);
}

TEST(WasmEngine, ShapeSurvivesTheArtifact) {
  const auto wasm = from_hex(kExit42);
  const auto maker = engine();
  const auto artifact = maker.compile(*wasm);

  const auto shape = artifact->shape();

  ASSERT_EQ(shape.imports.size(), 1u);
  EXPECT_EQ(shape.imports[0], (WasmExtern{"wasi_snapshot_preview1", "proc_exit",
                                          WasmExternKind::Function, "(i32) -> ()"}));
  EXPECT_EQ(shape, maker.load(artifact->bytes())->shape());
}

TEST(WasmEngine, MappedFileRunsLikeLoadedBytes) {
  const skrei::testing::TempDir dir;
  const auto maker = engine();
  const auto artifact = maker.compile(*from_hex(kExit42));
  ASSERT_TRUE(write_file_atomically(dir.path() / "code", artifact->bytes()));
  auto fd = open_file(dir.path() / "code", O_RDONLY);

  const auto module = maker.map(fd->get());
  fd->reset();
  const auto outcome = WasmProgram::link(*module, {}, "")->prepare({})->start();

  EXPECT_EQ(outcome->exit_code, 42u);
  EXPECT_EQ(code_of(maker.map(-1)), Code::InvalidArgument);
}

TEST(WasmEngine, ArtifactOfOtherSettingsIsRefused) {
  const auto metering = engine({.metering = WasmEngineOptions::Metering::On});
  const auto artifact = metering.compile(*from_hex(kEmpty));

  EXPECT_EQ(code_of(engine().load(artifact->bytes())), Code::FailedPrecondition);
  EXPECT_NE(engine().fingerprint(), metering.fingerprint());
  EXPECT_EQ(code_of(engine().compile(as_bytes("(module)"))), Code::InvalidArgument);
}

TEST(WasmEngine, StartsNoThreadAndLeavesNoDescriptor) {
  const auto threads = entries("/proc/self/task");
  const auto descriptors = entries("/proc/self/fd");
  {
    const auto one = engine();
    ASSERT_TRUE(one.warm_up());
    const skrei::testing::TempDir dir;
    const auto module = compile_and_load(one, kCreate);
    const auto program = WasmProgram::link(*module, {}, "");
    EXPECT_EQ(entries("/proc/self/fd"), descriptors);
    auto run = program->prepare({.dirs = {{"/data", -1, dir.path(), WasmAccess::ReadWrite}}});
    ASSERT_EQ(run->start()->exit_code, 0u);
    EXPECT_EQ(entries("/proc/self/task"), threads);
  }
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
}

// The generator that wasmtime-wasi would use lives in the thread and is copied by fork.
TEST(WasmRun, ForkedChildrenDrawDifferentRandomNumbers) {
  const auto one = engine();
  ASSERT_TRUE(one.warm_up());
  const auto module = compile_and_load(one, kRandom);
  const auto program = WasmProgram::link(*module, {}, "");
  const auto draw = [&] {
    Pipe pipe;
    const auto child = ::fork();
    if (child == 0) {
      auto run = program->prepare({.stdout_fd = pipe.writer.get()});
      bool ok = false;
      if (run) {
        const auto outcome = run->start();
        ok = outcome && outcome->ending == WasmEnding::Exited;
      }
      ::_exit(ok ? 0 : 1);
    }
    auto text = pipe.read_all();
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return text;
  };

  const auto first = draw();
  const auto second = draw();

  EXPECT_EQ(first.size(), 16u);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace skrei::native

#else

TEST(WasmEngine, IsNotPartOfTheFake) {
  const auto engine = skrei::native::WasmEngine::create();

  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, skrei::Code::FailedPrecondition);
  EXPECT_NE(engine.error().message.find("not part of this build"), std::string::npos);
}

#endif
