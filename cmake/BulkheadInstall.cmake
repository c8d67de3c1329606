# Makes `find_package(bulkhead)` with `target_link_libraries(x bulkhead::bulkhead)`, and `pkg-config bulkhead`, work for an
# installed Bulkhead. The prefix may be moved afterwards.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(bulkhead_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/bulkhead")
install(TARGETS ${bulkhead_installed_targets} EXPORT bulkhead_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY ${bulkhead_installed_headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(EXPORT bulkhead_targets FILE bulkheadTargets.cmake NAMESPACE bulkhead:: DESTINATION "${bulkhead_config_dir}")

# CAF is found by its target, which names one folder of headers below its prefix.
get_target_property(caf_headers CAF::core INTERFACE_INCLUDE_DIRECTORIES)
list(GET caf_headers 0 caf_headers)
cmake_path(GET caf_headers PARENT_PATH caf_prefix)
cmake_path(RELATIVE_PATH CAF_DIR BASE_DIRECTORY "${caf_prefix}" OUTPUT_VARIABLE caf_config_dir)
set(bulkhead_bundled_caf "") # from Bulkhead's library folder to the CAF that is installed with it
if(BULKHEAD_BUNDLE_CAF)
  get_target_property(caf_type CAF::core TYPE)
  if(NOT caf_type STREQUAL "STATIC_LIBRARY" OR caf_config_dir MATCHES "^\\.\\.")
    message(FATAL_ERROR "BULKHEAD_BUNDLE_CAF needs static libraries of CAF in a prefix of their own, as scripts/setup.sh builds "
                        "them. This CAF is of type ${caf_type}, in ${CAF_DIR}.")
  endif()
  set(bulkhead_bundled_caf "bulkhead/caf")
  set(caf_bundle "${CMAKE_INSTALL_LIBDIR}/${bulkhead_bundled_caf}")
  install(DIRECTORY "${caf_headers}/caf" DESTINATION "${caf_bundle}/include" FILES_MATCHING PATTERN "*.hpp")
  cmake_path(GET caf_config_dir PARENT_PATH caf_config_parent)
  install(DIRECTORY "${CAF_DIR}" DESTINATION "${caf_bundle}/${caf_config_parent}")
  foreach(target IN ITEMS CAF::core CAF::io)
    foreach(config IN ITEMS RELEASE NOCONFIG RELWITHDEBINFO DEBUG)
      get_target_property(library ${target} IMPORTED_LOCATION_${config})
      if(library)
        cmake_path(RELATIVE_PATH library BASE_DIRECTORY "${caf_prefix}")
        cmake_path(GET library PARENT_PATH caf_library_dir)
        install(FILES "${caf_prefix}/${library}" DESTINATION "${caf_bundle}/${caf_library_dir}")
      endif()
    endforeach()
  endforeach()
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/caf_license.txt" DESTINATION "${caf_bundle}" RENAME LICENSE)
else()
  get_target_property(library CAF::core LOCATION)
  cmake_path(RELATIVE_PATH library BASE_DIRECTORY "${caf_prefix}")
  cmake_path(GET library PARENT_PATH caf_library_dir)
endif()

configure_package_config_file(cmake/bulkheadConfig.cmake.in "${PROJECT_BINARY_DIR}/bulkheadConfig.cmake"
                              INSTALL_DESTINATION "${bulkhead_config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bulkheadConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/bulkheadConfig.cmake" "${PROJECT_BINARY_DIR}/bulkheadConfigVersion.cmake"
        DESTINATION "${bulkhead_config_dir}")

# For pkg-config: the libraries from the top layer down, as a linker wants them.
set(pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}/${pc_dir}" OUTPUT_VARIABLE pc_to_prefix)
set(pc_caf "${caf_prefix}")
if(BULKHEAD_BUNDLE_CAF)
  set(pc_caf "\${libdir}/${bulkhead_bundled_caf}")
endif()
set(pc_libraries "")
foreach(target IN LISTS bulkhead_installed_targets)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    list(PREPEND pc_libraries "-l${target}")
  endif()
endforeach()
list(JOIN pc_libraries " " pc_libraries)
configure_file("${PROJECT_SOURCE_DIR}/cmake/bulkhead.pc.in" "${PROJECT_BINARY_DIR}/bulkhead.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/bulkhead.pc" DESTINATION "${pc_dir}")

# Documents, the API reference if scripts/check.sh has made it, and the sources of the examples.
set(doc_dir "${CMAKE_INSTALL_DATADIR}/doc/bulkhead")
install(FILES LICENSE README.md DESTINATION "${doc_dir}")
install(DIRECTORY docs DESTINATION "${doc_dir}" FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")
install(DIRECTORY build/docs/html DESTINATION "${doc_dir}" OPTIONAL)
install(DIRECTORY examples DESTINATION "${doc_dir}"
        FILES_MATCHING PATTERN "*.cpp" PATTERN "*.hpp" PATTERN "*.md" PATTERN "tests" EXCLUDE)
install(FILES tests/install/CMakeLists.txt tests/install/main.cpp DESTINATION "${doc_dir}/examples/outside")
if(BULKHEAD_BUNDLE_CAF) # Debian's policy wants the licences of all parts in one file
  file(READ LICENSE own_license)
  file(READ cmake/caf_license.txt caf_license)
  file(WRITE "${PROJECT_BINARY_DIR}/copyright"
       "Bulkhead:\n\n${own_license}\n\nThe C++ Actor Framework, in /usr/lib/bulkhead/caf:\n\n${caf_license}")
  install(FILES "${PROJECT_BINARY_DIR}/copyright" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/libbulkhead-dev")
endif()
