# Installs Bulkhead below its build folder, then configures, builds and runs this folder's project against it.
#
# usage: cmake -DBULKHEAD_BUILD=folder -DCAF_DIR=... -DBoost_DIR=... -DCXX=... -DGENERATOR=... -P check_install.cmake
cmake_minimum_required(VERSION 3.21)
set(prefix "${BULKHEAD_BUILD}/install_test/prefix")
set(build "${BULKHEAD_BUILD}/install_test/build")
file(REMOVE_RECURSE "${BULKHEAD_BUILD}/install_test")

macro(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endmacro()

run("${CMAKE_COMMAND}" --install "${BULKHEAD_BUILD}" --prefix "${prefix}")
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${build}" -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${prefix}"
    "-DCAF_DIR=${CAF_DIR}" "-DBoost_DIR=${Boost_DIR}" "-DCMAKE_CXX_COMPILER=${CXX}")
run("${CMAKE_COMMAND}" --build "${build}")
execute_process(COMMAND "${build}/outside" OUTPUT_VARIABLE output TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "49\n")
  message(FATAL_ERROR "it printed: ${output}")
endif()
