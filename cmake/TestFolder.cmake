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
  if(BULKHEAD_SANITIZERS MATCHES "undefined") # a quarter of the time to compile, for what ASan finds as well, or x86 does not mind
    target_compile_options(${target} PRIVATE -fno-sanitize=null,alignment,object-size,vptr)
  endif()
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
  if(BULKHEAD_PCH AND "test_support" IN_LIST ARGN)
    target_precompile_headers(${name} REUSE_FROM test_support)
  endif()
  # GCC 12 takes coroutines that are templates for types without linkage in a file that is included.
  if("test_support" IN_LIST ARGN AND NOT folder MATCHES "^(unit|coroutine)")
    bulkhead_unite(${name})
  endif()
  set_target_properties(${name} PROPERTIES CROSSCOMPILING_EMULATOR "${test_launcher}")
  catch_discover_tests(${name} TEST_PREFIX "${prefix}: " PROPERTIES TIMEOUT 300)
endfunction()
