# add_test_folder(FOLDER LIBRARY...) makes one program of all sources of a folder of tests/, if it holds any, and one ctest of
# each of its test cases.
include(Catch)

# Address space randomisation of recent kernels is more than TSan can map.
set(test_launcher "")
if(BULKHEAD_SANITIZERS MATCHES "thread")
  execute_process(COMMAND setarch -R true RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(status EQUAL 0)
    set(test_launcher setarch -R)
  endif()
endif()

# What the code of tests is compiled with besides: quickly, because it is not what is measured.
function(test_code target)
  bulkhead_own_code(${target})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # GCC 12 warns of what it inlines itself, in headers that are precompiled
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1> -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
  endif()
  bulkhead_quick_sanitizers(${target})
endfunction()

function(add_test_folder folder)
  file(GLOB tests CONFIGURE_DEPENDS ${folder}/*.test.cpp)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(NOT tests)
    return()
  endif()
  string(REPLACE "/" "_" name "${folder}")
  string(REPLACE "/" "." prefix "${folder}")
  add_executable(${name} ${sources})
  test_code(${name})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${ARGN})
  if("test_support" IN_LIST ARGN)
    bulkhead_precompile(${name} tests)
  endif()
  bulkhead_unite(${name})
  if(BULKHEAD_UNITY GREATER 1 AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # it takes a source that is included for a header
    target_compile_options(${name} PRIVATE -Wno-subobject-linkage)
  endif()
  set_target_properties(${name} PROPERTIES CROSSCOMPILING_EMULATOR "${test_launcher}")
  catch_discover_tests(${name} TEST_PREFIX "${prefix}: " PROPERTIES TIMEOUT 300)
endfunction()
