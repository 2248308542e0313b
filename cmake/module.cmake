# SPDX-License-Identifier: Apache-2.0
# skrei_module(): one room of src/ = one static library, its tests and its testing aids.

include(CMakeParseArguments)

# The one precompiled header. Every target of ours that is compiled with the same flags reuses it.
add_library(skrei_pch OBJECT ${CMAKE_CURRENT_LIST_DIR}/pch.cpp)
target_link_libraries(skrei_pch PUBLIC skrei_flags Boost::headers fmt::fmt Threads::Threads)
target_precompile_headers(
  skrei_pch
  PRIVATE
  <algorithm>
  <chrono>
  <cstdint>
  <expected>
  <functional>
  <map>
  <memory>
  <optional>
  <span>
  <string>
  <string_view>
  <utility>
  <variant>
  <vector>
  <fmt/format.h>
  <boost/asio/awaitable.hpp>
  <boost/asio/co_spawn.hpp>
  <boost/asio/steady_timer.hpp>
  <boost/asio/use_awaitable.hpp>)

# The precompiled header names Asio, so whatever uses it links Asio's compiled part.
add_library(skrei_asio STATIC ${CMAKE_CURRENT_LIST_DIR}/asio.cpp)
target_link_libraries(skrei_asio PUBLIC skrei_flags Boost::headers Threads::Threads)

# skrei_module(<folder> [DEPS <rooms>…] [LIBS <libraries>…] [TEST_DEPS <rooms>…] [TEST_LIBS …])
#
# <folder> below src/ ("executor", or "executor/wasm" for a driver). Makes
#   skrei_<room>          from <folder>/*.cpp without *_test.cpp (an INTERFACE library without them)
#   skrei_<room>_testing  from <folder>/testing/*.cpp, if there are any
#   skrei_<room>_test     from <folder>/*_test.cpp, one ctest entry with label "unit"
# DEPS are rooms by folder; LIBS are linked privately to the room and its tests.
function(skrei_module folder)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS;TEST_DEPS;TEST_LIBS" ${ARGN})
  string(REPLACE "/" "_" room ${folder})
  set(target skrei_${room})
  set(dir ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${dir}/*.hpp)
  file(GLOB tests CONFIGURE_DEPENDS ${dir}/*_test.cpp)
  file(GLOB testing CONFIGURE_DEPENDS ${dir}/testing/*.cpp)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  if(NOT sources AND NOT headers)
    message(FATAL_ERROR "Room ${folder} has no files")
  endif()

  list(TRANSFORM ARG_DEPS REPLACE "/" "_")
  list(TRANSFORM ARG_DEPS PREPEND skrei_)
  list(TRANSFORM ARG_TEST_DEPS REPLACE "/" "_")
  list(TRANSFORM ARG_TEST_DEPS PREPEND skrei_)
  foreach(list IN ITEMS ARG_DEPS ARG_TEST_DEPS)
    foreach(dep IN LISTS ${list})
      if(NOT TARGET ${dep})
        message(STATUS "Room ${folder}: ${dep} is not there yet")
        list(REMOVE_ITEM ${list} ${dep})
      endif()
    endforeach()
  endforeach()

  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} PUBLIC skrei_flags skrei_asio fmt::fmt ${ARG_DEPS}
                                    PRIVATE ${ARG_LIBS} Threads::Threads)
    target_precompile_headers(${target} REUSE_FROM skrei_pch)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} INTERFACE skrei_flags skrei_asio fmt::fmt ${ARG_DEPS})
  endif()

  if(testing)
    add_library(${target}_testing STATIC ${testing})
    target_link_libraries(${target}_testing PUBLIC ${target} ${ARG_TEST_DEPS} GTest::gtest
                                            PRIVATE ${ARG_LIBS} ${ARG_TEST_LIBS})
    target_precompile_headers(${target}_testing REUSE_FROM skrei_pch)
  endif()
  if(tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(
      ${target}_test PRIVATE ${target} ${ARG_TEST_DEPS} ${ARG_LIBS} ${ARG_TEST_LIBS} GTest::gtest
                             GTest::gtest_main rapidcheck Threads::Threads)
    target_link_libraries(${target}_test PRIVATE skrei_base_testing)
    if(testing)
      target_link_libraries(${target}_test PRIVATE ${target}_testing)
    endif()
    target_precompile_headers(${target}_test REUSE_FROM skrei_pch)
    add_test(NAME ${room} COMMAND ${target}_test --gtest_brief=1)
    set_tests_properties(${room} PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()
