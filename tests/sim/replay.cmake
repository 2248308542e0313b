# SPDX-License-Identifier: Apache-2.0
# A seed has one history, in whichever process it runs: the same hash, also of many seeds that
# several processes share.

function(hash_of result)
  execute_process(COMMAND ${SIM} ${ARGN} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "hash [0-9a-f]+" hash "${output}")
  if(NOT hash)
    message(FATAL_ERROR "no hash in: ${output}")
  endif()
  set(${result} ${hash} PARENT_SCOPE)
endfunction()

hash_of(first --seed 42)
hash_of(second --seed 42)
if(NOT first STREQUAL second)
  message(FATAL_ERROR "seed 42 had two histories: ${first} and ${second}")
endif()
hash_of(other --seed 43)
if(other STREQUAL first)
  message(FATAL_ERROR "seeds 42 and 43 have the same hash")
endif()
hash_of(alone --seeds 1..60 --processes 1)
hash_of(shared --seeds 1..60 --processes 3)
if(NOT alone STREQUAL shared)
  message(FATAL_ERROR "60 seeds had two histories: ${alone} and ${shared}")
endif()
