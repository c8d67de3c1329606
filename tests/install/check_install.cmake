# Installs Bulkhead below its build folder, then configures, builds and runs two projects against it: this folder's, and the last
# step of the tutorial in the way the tutorial says.
#
# usage: cmake -DBULKHEAD_BUILD=folder -DTUTORIAL=folder -DCAF_DIR=folder-or-empty -DBoost_DIR=... -DCXX=... -DGENERATOR=...
#        -P check_install.cmake
cmake_minimum_required(VERSION 3.21)
set(test "${BULKHEAD_BUILD}/install_test")
set(prefix "${test}/a prefix")
set(configure "-DCMAKE_PREFIX_PATH=${prefix}" "-DBoost_DIR=${Boost_DIR}" "-DCMAKE_CXX_COMPILER=${CXX}" -G "${GENERATOR}")
set(caf "")
if(CAF_DIR) # empty if the installation brings its own
  set(caf "-DCAF_DIR=${CAF_DIR}")
endif()
unset(ENV{CAF_ROOT})
file(REMOVE_RECURSE "${test}")

macro(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endmacro()

run("${CMAKE_COMMAND}" --install "${BULKHEAD_BUILD}" --prefix "${prefix}")

if(CAF_DIR)
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${test}/without_caf" ${configure}
                          -DCMAKE_DISABLE_FIND_PACKAGE_CAF=ON
                  RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE errors)
  if(status EQUAL 0 OR NOT errors MATCHES "set[ \n]+CAF_ROOT")
    message(FATAL_ERROR "without CAF it should fail and name CAF_ROOT, but ended with ${status}: ${errors}")
  endif()
endif()

run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${test}/build" ${configure} ${caf})
run("${CMAKE_COMMAND}" --build "${test}/build")
execute_process(COMMAND "${test}/build/outside" OUTPUT_VARIABLE output TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "49\n")
  message(FATAL_ERROR "it printed: ${output}")
endif()

# The driver tells the steps apart by the name of the program.
set(reader "${test}/reader_of_step7")
file(COPY "${TUTORIAL}/outside/CMakeLists.txt" "${TUTORIAL}/unpack.hpp" DESTINATION "${reader}")
file(COPY_FILE "${TUTORIAL}/step7.cpp" "${reader}/main.cpp")
run("${CMAKE_COMMAND}" -S "${reader}" -B "${reader}/build" ${configure} ${caf})
run("${CMAKE_COMMAND}" --build "${reader}/build")
file(CREATE_LINK "${reader}/build/unpacker" "${reader}/step7" SYMBOLIC)
run("${CMAKE_COMMAND}" "-DPROGRAM=${TUTORIAL}/drive_service.sh" "-DARGUMENT=${reader}/step7"
    "-DEXPECTED=${TUTORIAL}/step7.expected" -P "${TUTORIAL}/../check_output.cmake")
