# SPDX-License-Identifier: Apache-2.0
# Run by rust.cmake with CARGO, MANIFEST, TARGET_DIR and ARCHIVE: builds the crate, copies its
# archive to ARCHIVE and writes ARCHIVE.d, the files that it was made from, for Ninja.

file(MAKE_DIRECTORY ${TARGET_DIR})
# Clones share the folder, but each has its own crate there under the same name of archive: nobody
# else may build between our build and our copy.
file(LOCK ${TARGET_DIR}/skrei.lock TIMEOUT 3600)

execute_process(
  COMMAND ${CMAKE_COMMAND} -E env CARGO_TARGET_DIR=${TARGET_DIR} ${CARGO} build --release --locked
          --manifest-path ${MANIFEST}
  RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "cargo build of ${MANIFEST} failed: ${result}")
endif()

get_filename_component(name ${ARCHIVE} NAME_WE)
set(made ${TARGET_DIR}/release/${name})
execute_process(COMMAND ${CMAKE_COMMAND} -E copy ${made}.a ${ARCHIVE} COMMAND_ERROR_IS_FATAL ANY)
file(READ ${made}.d depends)
string(REPLACE "${made}.a:" "${ARCHIVE}:" depends "${depends}")
file(WRITE ${ARCHIVE}.d "${depends}")
