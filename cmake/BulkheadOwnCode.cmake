# What all code of this repository, and nothing else, is compiled with.
function(bulkhead_own_code target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  if(BULKHEAD_DEVELOPER)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # GCC 12 misreads CAF's reference counting when it inlines it
      target_compile_options(${target} PRIVATE -Wno-use-after-free)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # collecting its garbage from 100 MB on takes it a twentieth of the time
      target_compile_options(${target} PRIVATE --param=ggc-min-heapsize=800000)
    endif()
    if(BULKHEAD_SANITIZERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # GCC warns of what its own instrumentation adds
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
  endif()
endfunction()

# What the code of tests and examples is compiled with besides, under UBSan: without the checks that take a sixth to a quarter of
# the time to compile, for what ASan finds as well, or x86 does not mind.
function(bulkhead_quick_sanitizers target)
  if(BULKHEAD_SANITIZERS MATCHES "undefined")
    target_compile_options(${target} PRIVATE -fno-sanitize=null,alignment,object-size,vptr)
  endif()
endfunction()

# Precompiles headers, if that is wanted, once for all targets of a KIND, which must be compiled with the same options: the first
# says which headers. That hides an include that is missing, but not in a build without presets, see docs/testing.md.
function(bulkhead_precompile target kind)
  if(NOT BULKHEAD_PCH)
    return()
  endif()
  get_property(owner GLOBAL PROPERTY "bulkhead_precompiled_${kind}")
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    set_property(GLOBAL PROPERTY "bulkhead_precompiled_${kind}" ${target})
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# Several sources at once, if that is wanted: then what they include is read once, which takes most of the time. With `TIMES` so many
# times as many.
function(bulkhead_unite target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMES" "")
  if(NOT arg_TIMES)
    set(arg_TIMES 1)
  endif()
  if(BULKHEAD_UNITY GREATER 1)
    math(EXPR size "${BULKHEAD_UNITY} * ${arg_TIMES}")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE "${size}")
  endif()
endfunction()
