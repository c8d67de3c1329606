# Runs an example and checks that it exits with zero and prints what is expected.
#
# usage: cmake -DPROGRAM=path -DEXPECTED=file -P check_output.cmake
#
# Each line of the file is a regular expression of CMake's that must match one whole line of the output, in order. A line
# that starts with `...` stands for any number of lines, also none.
cmake_minimum_required(VERSION 3.21)

execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE status TIMEOUT 60)

function(reject reason)
  message(FATAL_ERROR "${reason}\n--- standard output:\n${output}--- standard error:\n${errors}---")
endfunction()

# Lists of CMake's do not keep brackets and semicolons apart, so lines are cut off one by one.
macro(take_line text line)
  string(FIND "${${text}}" "\n" end)
  if(end EQUAL -1)
    set(${line} "${${text}}")
    set(${text} "")
  else()
    string(SUBSTRING "${${text}}" 0 ${end} ${line})
    math(EXPR end "${end} + 1")
    string(SUBSTRING "${${text}}" ${end} -1 ${text})
  endif()
endmacro()

if(NOT status STREQUAL "0")
  reject("${PROGRAM} ended with: ${status}")
endif()

file(READ "${EXPECTED}" wanted)
if(wanted STREQUAL "")
  reject("${EXPECTED} expects nothing")
endif()
set(rest "${output}")
set(may_skip FALSE)
while(NOT wanted STREQUAL "")
  take_line(wanted pattern)
  if(pattern MATCHES "^\\.\\.\\.")
    set(may_skip TRUE)
    continue()
  endif()
  set(found FALSE)
  while(NOT rest STREQUAL "")
    take_line(rest line)
    if(line MATCHES "^(${pattern})$")
      set(found TRUE)
    endif()
    if(found OR NOT may_skip)
      break()
    endif()
  endwhile()
  if(NOT found)
    reject("no line where it is expected matches: ${pattern}")
  endif()
  set(may_skip FALSE)
endwhile()
if(NOT rest STREQUAL "" AND NOT may_skip)
  reject("the output goes on after what is expected: ${rest}")
endif()
