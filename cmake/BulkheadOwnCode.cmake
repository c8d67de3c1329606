# What all code of this repository, and nothing else, is compiled with.
function(bulkhead_own_code target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  if(BULKHEAD_DEVELOPER)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # GCC 12 misreads CAF's reference counting when it inlines it
      target_compile_options(${target} PRIVATE -Wno-use-after-free)
    endif()
    if(BULKHEAD_SANITIZERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # GCC warns of what its own instrumentation adds
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
  endif()
endfunction()

# Several sources at once, if that is wanted: then what they include is read once, which takes most of the time.
function(bulkhead_unite target)
  if(BULKHEAD_UNITY GREATER 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE "${BULKHEAD_UNITY}")
  endif()
endfunction()
