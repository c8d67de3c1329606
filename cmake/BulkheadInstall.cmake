# Makes `find_package(bulkhead)` and `target_link_libraries(x bulkhead::bulkhead)` work for an installed Bulkhead.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(bulkhead_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/bulkhead")
install(TARGETS ${bulkhead_installed_targets} EXPORT bulkhead_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY ${bulkhead_installed_headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(EXPORT bulkhead_targets FILE bulkheadTargets.cmake NAMESPACE bulkhead:: DESTINATION "${bulkhead_config_dir}")

configure_package_config_file(cmake/bulkheadConfig.cmake.in "${PROJECT_BINARY_DIR}/bulkheadConfig.cmake"
                              INSTALL_DESTINATION "${bulkhead_config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bulkheadConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/bulkheadConfig.cmake" "${PROJECT_BINARY_DIR}/bulkheadConfigVersion.cmake"
        DESTINATION "${bulkhead_config_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/bulkhead")
