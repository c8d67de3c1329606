# Builds Bulkhead as users do: within an application, without presets and sanitizers, in a path with a space. Then installs it from
# there, and checks what is said where something is missing.
#
# usage: cmake -DBULKHEAD_SOURCE=folder -DFOLDER=folder -DCAF_ROOT=prefix -P check_users.cmake
cmake_minimum_required(VERSION 3.21)
set(ENV{CMAKE_GENERATOR} Ninja) # a bare machine has no make
unset(ENV{CAF_ROOT})
file(REMOVE_RECURSE "${FOLDER}")

macro(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endmacro()

# Runs CMake, which must fail and say `words`.
function(refused words)
  execute_process(COMMAND "${CMAKE_COMMAND}" ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}") # CMake breaks lines
  string(FIND "${output}" "${words}" found)
  if(status EQUAL 0 OR found EQUAL -1)
    message(FATAL_ERROR "CMake should fail with `${words}`, but its status is ${status}, and it says: ${output}")
  endif()
endfunction()

set(here "${CMAKE_CURRENT_LIST_DIR}")
refused("Bulkhead has no shared libraries" -S "${BULKHEAD_SOURCE}" -B "${FOLDER}/shared" -G Ninja
        "-DCAF_ROOT=${CAF_ROOT}" -DBUILD_SHARED_LIBS=ON)
refused("Run scripts/setup.sh" -S "${BULKHEAD_SOURCE}" -B "${FOLDER}/no_caf" -G Ninja -DCMAKE_DISABLE_FIND_PACKAGE_CAF=ON)

# Precompiled headers and batches are for speed; what is compiled is the same.
run("${CMAKE_COMMAND}" -S "${here}/within" -B "${FOLDER}/within" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DCAF_ROOT=${CAF_ROOT}"
    "-DBULKHEAD_SOURCE=${BULKHEAD_SOURCE}" -DBULKHEAD_INSTALL=ON -DBUILD_SHARED_LIBS=ON -DBULKHEAD_PCH=ON -DBULKHEAD_UNITY=5)
run("${CMAKE_COMMAND}" --build "${FOLDER}/within")
execute_process(COMMAND "${FOLDER}/within/outside" OUTPUT_VARIABLE output TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "49\n")
  message(FATAL_ERROR "it printed: ${output}")
endif()

# This installation has no CAF of its own.
run("${CMAKE_COMMAND}" --install "${FOLDER}/within" --prefix "${FOLDER}/a prefix")
refused("scripts/setup.sh builds it and prints its prefix; set CAF_ROOT" -S "${here}" -B "${FOLDER}/without" -G Ninja
        "-DCMAKE_PREFIX_PATH=${FOLDER}/a prefix" -DCMAKE_DISABLE_FIND_PACKAGE_CAF=ON)
run("${CMAKE_COMMAND}" -S "${here}" -B "${FOLDER}/with" -G Ninja "-DCMAKE_PREFIX_PATH=${FOLDER}/a prefix"
    "-DCAF_ROOT=${CAF_ROOT}")
