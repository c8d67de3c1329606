# Makes `cpack` write a Debian package: libraries, headers, CAF, what CMake and pkg-config read, documents and examples.
# scripts/package.sh builds all of that before.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libbulkhead-dev)
set(CPACK_PACKAGE_CONTACT "The Bulkhead authors <bulkhead@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
    "Static libraries and headers of Bulkhead, with the C++ Actor Framework 0.18.7 that they were built with, below "
    "/usr/lib/bulkhead/caf.")
list(JOIN CPACK_PACKAGE_DESCRIPTION "" CPACK_PACKAGE_DESCRIPTION)
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES OFF)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};bulkhead;ALL;/")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libboost1.81-dev, libdw-dev")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "g++ (>= 4:12), cmake (>= 3.21) | pkgconf")
include(CPack)
