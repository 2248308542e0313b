# SPDX-License-Identifier: Apache-2.0
# Warnings, sanitizers and linker settings that every target of ours gets (target skrei_flags).

add_library(skrei_flags INTERFACE)
target_compile_options(
  skrei_flags
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wno-sign-conversion
            -Wno-missing-designated-field-initializers
            -Wno-c23-extensions
            -Werror
            # ccache can only answer for precompiled headers whose time stamp is not checked.
            $<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>)
target_link_options(skrei_flags INTERFACE -fuse-ld=lld-19)
target_compile_definitions(
  skrei_flags INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                        BOOST_ASIO_NO_DEPRECATED)

if(SKREI_ASAN)
  target_compile_options(skrei_flags INTERFACE -fsanitize=address,undefined
                                               -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(skrei_flags INTERFACE -fsanitize=address,undefined)
endif()
if(SKREI_TSAN)
  target_compile_options(skrei_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(skrei_flags INTERFACE -fsanitize=thread)
endif()
if(SKREI_FUZZ)
  target_compile_options(skrei_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(
    skrei_flags INTERFACE -ffunction-sections -fdata-sections -gline-tables-only)
  target_link_options(skrei_flags INTERFACE -Wl,--gc-sections)
endif()
