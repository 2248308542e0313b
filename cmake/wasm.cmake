# SPDX-License-Identifier: Apache-2.0
# skrei_wasm_program(): a small C or C++ source becomes a WASI preview 1 command with Debian's
# clang.
# Per folder, since the variables below belong to the folder that includes this.
include_guard(DIRECTORY)

find_program(SKREI_WASM_CC clang-19 REQUIRED)
find_program(SKREI_WASM_CXX clang++-19 REQUIRED)
if(NOT EXISTS /usr/include/wasm32-wasi)
  message(FATAL_ERROR "wasi-libc is missing; ./dev setup installs it")
endif()

set(SKREI_WASM_TARGET --target=wasm32-wasi)
set(SKREI_WASM_FLAGS ${SKREI_WASM_TARGET} -Os -Wall -Wextra -Werror)
# Exceptions do not link for wasm32-wasi: without this flag even std::vector asks for __cxa_throw.
set(SKREI_WASM_CXX_FLAGS ${SKREI_WASM_FLAGS} -std=c++23 -fno-exceptions)
set(SKREI_WASM_C_FLAGS ${SKREI_WASM_FLAGS} -std=gnu17)
# No name section, no debug sections: what users hand in is stripped as well. The linker's stack of
# 64 KiB is small for buffers; put first, its overflow is a trap and not a silent write into the
# data.
set(SKREI_WASM_LINK_FLAGS ${SKREI_WASM_TARGET} -Wl,--strip-all -Wl,-z,stack-size=1048576
                          -Wl,--stack-first)

# skrei_wasm_program(<name> <source> [LINK_OPTIONS <options>…])
#
# Makes <current binary dir>/<name>.wasm from the source, and the target wasm_<name>, which is part
# of the normal build. Compiled and linked in two steps, so that ccache answers for the first in
# every preset.
function(skrei_wasm_program name source)
  cmake_parse_arguments(ARG "" "" "LINK_OPTIONS" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${name}.wasm)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
  cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  cmake_path(GET source EXTENSION LAST_ONLY extension)
  if(extension STREQUAL ".c")
    set(compile ${CMAKE_C_COMPILER_LAUNCHER} ${SKREI_WASM_CC} ${SKREI_WASM_C_FLAGS})
    set(link ${SKREI_WASM_CC})
  else()
    set(compile ${CMAKE_CXX_COMPILER_LAUNCHER} ${SKREI_WASM_CXX} ${SKREI_WASM_CXX_FLAGS})
    set(link ${SKREI_WASM_CXX})
  endif()
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${compile} -MD -MF ${object}.d -MT ${out} -c ${source} -o ${object}
    COMMAND ${link} ${SKREI_WASM_LINK_FLAGS} ${ARG_LINK_OPTIONS} ${object} -o ${out}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "Building ${name}.wasm"
    VERBATIM)
  add_custom_target(wasm_${name} ALL DEPENDS ${out})
endfunction()
