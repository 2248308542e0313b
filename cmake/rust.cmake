# SPDX-License-Identifier: Apache-2.0
# The Rust library: target skrei_native_rust carries the headers of native/include and the archive.
#
# cargo builds in a folder outside of the source tree, so that a second build folder or a fresh
# clone does not compile wasmtime and libp2p again: $CARGO_TARGET_DIR, else $SKREI_CACHE_DIR/cargo,
# else ${XDG_CACHE_HOME:-~/.cache}/skrei/cargo.
# With SKREI_NATIVE_FAKE the target is the C++ fake of native/fake/ and cargo is not needed.

add_library(skrei_native_rust INTERFACE)
target_include_directories(skrei_native_rust INTERFACE ${PROJECT_SOURCE_DIR}/native/include)

if(SKREI_NATIVE_FAKE)
  file(GLOB skrei_native_fake_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/native/fake/*.cpp)
  add_library(skrei_native_fake STATIC ${skrei_native_fake_sources})
  target_include_directories(skrei_native_fake PUBLIC ${PROJECT_SOURCE_DIR}/native/include)
  target_link_libraries(skrei_native_fake PRIVATE skrei_flags Threads::Threads)
  target_link_libraries(skrei_native_rust INTERFACE skrei_native_fake)
  target_compile_definitions(skrei_native_rust INTERFACE SKREI_NATIVE_FAKE=1)
  return()
endif()

find_program(SKREI_CARGO cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin")
if(NOT SKREI_CARGO)
  message(FATAL_ERROR "cargo was not found; install Rust 1.95 or newer (./dev setup does)")
endif()

if(DEFINED ENV{CARGO_TARGET_DIR})
  set(skrei_cargo_dir "$ENV{CARGO_TARGET_DIR}")
elseif(DEFINED ENV{SKREI_CACHE_DIR})
  set(skrei_cargo_dir "$ENV{SKREI_CACHE_DIR}/cargo")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(skrei_cargo_dir "$ENV{XDG_CACHE_HOME}/skrei/cargo")
else()
  set(skrei_cargo_dir "$ENV{HOME}/.cache/skrei/cargo")
endif()

set(skrei_native_archive ${PROJECT_BINARY_DIR}/native/libskrei_native.a)
add_custom_command(
  OUTPUT ${skrei_native_archive}
  COMMAND
    ${CMAKE_COMMAND} -D CARGO=${SKREI_CARGO} -D MANIFEST=${PROJECT_SOURCE_DIR}/native/Cargo.toml
    -D TARGET_DIR=${skrei_cargo_dir} -D ARCHIVE=${skrei_native_archive} -P
    ${PROJECT_SOURCE_DIR}/cmake/cargo_build.cmake
  DEPENDS ${PROJECT_SOURCE_DIR}/native/Cargo.toml ${PROJECT_SOURCE_DIR}/native/Cargo.lock
          ${PROJECT_SOURCE_DIR}/cmake/cargo_build.cmake
  DEPFILE ${skrei_native_archive}.d
  COMMENT "Rust library (about five minutes the first time)"
  USES_TERMINAL VERBATIM)
add_custom_target(skrei_native_archive DEPENDS ${skrei_native_archive})
add_dependencies(skrei_native_rust skrei_native_archive)
target_link_libraries(skrei_native_rust INTERFACE ${skrei_native_archive} pthread m dl gcc_s)
