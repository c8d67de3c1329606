// Catches shared memory that a peer can shorten under its readers or write to when it must not, pages that are missing when
// they are touched, and descriptors that leak.
#include <catch2/catch.hpp>

#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/this_process.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace bulkhead::platform;

namespace {

constexpr size_t bytes = 3 * 4096;

unique_fd plain_memfd(size_t size) {
  unique_fd fd{::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
  return fd;
}

unique_fd duplicate_of(int fd) {
  return unique_fd{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
}

} // namespace

TEST_CASE("what one mapping writes another one reads") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  CHECK(file->size() == bytes);
  auto writer = file->map_writable();
  auto reader = file->map_readonly();
  REQUIRE(writer.has_value());
  REQUIRE(reader.has_value());
  CHECK(writer->size() == bytes);
  CHECK(reader->size() == bytes);
  CHECK(reader->data()[bytes - 1] == std::byte{0});
  writer->data()[bytes - 1] = std::byte{42};
  CHECK(reader->data()[bytes - 1] == std::byte{42});
}

TEST_CASE("a mapping outlives its file and keeps its address when it is moved") {
  mapping kept;
  CHECK(kept.data() == nullptr);
  CHECK(kept.size() == 0);
  std::byte* address = nullptr;
  {
    auto file = memory_file::create("test", bytes);
    REQUIRE(file.has_value());
    auto made = file->map_writable();
    REQUIRE(made.has_value());
    address = made->data();
    kept = std::move(*made);
  }
  REQUIRE(kept.data() == address);
  std::memset(kept.data(), 1, kept.size());
  CHECK(kept.data()[bytes - 1] == std::byte{1});
}

TEST_CASE("all pages of a memory file are there from the start") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  struct stat status {};
  REQUIRE(::fstat(file->fd(), &status) == 0);
  CHECK(static_cast<size_t>(status.st_blocks) * 512 >= bytes);
}

TEST_CASE("nobody can change the size of a memory file") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  CHECK(::ftruncate(file->fd(), bytes - 4096) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(file->fd(), bytes + 4096) == -1);
  CHECK(errno == EPERM);
}

TEST_CASE("a memory file is closed on exec") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  CHECK((::fcntl(file->fd(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a size that cannot be is an error and not a signal") {
  CHECK(memory_file::create("test", 0).error().number == EINVAL);
  CHECK(memory_file::create("test", std::numeric_limits<size_t>::max()).error().number == EFBIG);
  CHECK(memory_file::create("test", size_t{1} << 50).error().number == ENOMEM);
}

TEST_CASE("a name that is too long is an error") {
  CHECK(memory_file::create(std::string(4000, 'x').c_str(), bytes).error() == os_error{EINVAL, "memfd_create"});
}

TEST_CASE("a memory file that no descriptor is left for is an error") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  auto file = memory_file::create("test", bytes);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(file.error() == os_error{EMFILE, "memfd_create"});
}

TEST_CASE("after new writers were forbidden only old mappings can write") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  auto writer = file->map_writable();
  REQUIRE(writer.has_value());
  REQUIRE(file->forbid_new_writers().has_value());
  CHECK(file->map_writable().error() == os_error{EPERM, "mmap"});
  const char byte = 'x';
  CHECK(::pwrite(file->fd(), &byte, 1, 0) == -1);
  CHECK(errno == EPERM);
  auto reader = file->map_readonly();
  REQUIRE(reader.has_value());
  CHECK(::mprotect(reader->data(), reader->size(), PROT_READ | PROT_WRITE) == -1);
  CHECK(::fcntl(file->fd(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
  CHECK(errno == EPERM); // not EBUSY: no seal at all can be added
  writer->data()[0] = std::byte{9};
  CHECK(reader->data()[0] == std::byte{9});
}

TEST_CASE("forbidding new writers twice is harmless") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  CHECK(file->forbid_new_writers().has_value());
  CHECK(file->forbid_new_writers().has_value());
}

TEST_CASE("an immutable file cannot be written to by anybody, and only such a file is adopted as one") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  {
    auto writer = file->map_writable();
    REQUIRE(writer.has_value());
    writer->data()[3] = std::byte{7};
    CHECK(file->make_immutable().error().number == EBUSY);
    CHECK(memory_file::adopt_immutable(duplicate_of(file->fd()), bytes).error().number == EPERM);
  }
  REQUIRE(file->make_immutable().has_value());
  CHECK(file->map_writable().has_error());
  const char byte = 'x';
  CHECK(::pwrite(file->fd(), &byte, 1, 0) == -1);
  CHECK(::fallocate(file->fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == -1);
  CHECK(file->forbid_new_seals().error().number == EPERM);
  auto adopted = memory_file::adopt_immutable(duplicate_of(file->fd()), bytes);
  REQUIRE(adopted.has_value());
  auto reader = adopted->map_readonly();
  REQUIRE(reader.has_value());
  CHECK(reader->data()[3] == std::byte{7});
  auto only_new_writers = memory_file::create("test", bytes);
  REQUIRE(only_new_writers.has_value());
  REQUIRE(only_new_writers->forbid_new_writers().has_value());
  CHECK(memory_file::adopt_immutable(duplicate_of(only_new_writers->fd()), bytes).error().number == EPERM);
}

TEST_CASE("a file without new seals stays writable for all who have it") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  REQUIRE(file->forbid_new_seals().has_value());
  CHECK(file->forbid_new_writers().has_error());
  CHECK(file->make_immutable().has_error());
  CHECK(file->map_writable().has_value());
  auto other = memory_file::create("test", bytes);
  REQUIRE(other.has_value());
  REQUIRE(other->forbid_new_writers().has_value());
  CHECK(other->forbid_new_seals().error().number == EPERM);
}

TEST_CASE("a memory file gives its descriptor away") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  auto number = file->fd();
  auto kept = std::move(*file).release();
  CHECK(kept.get() == number);
  CHECK(::fcntl(number, F_GETFD) >= 0);
}

TEST_CASE("a file made elsewhere is adopted with its contents") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  auto writer = file->map_writable();
  REQUIRE(writer.has_value());
  writer->data()[5] = std::byte{5};
  auto adopted = memory_file::adopt(duplicate_of(file->fd()), bytes);
  REQUIRE(adopted.has_value());
  CHECK(adopted->size() == bytes);
  auto reader = adopted->map_readonly();
  REQUIRE(reader.has_value());
  CHECK(reader->data()[5] == std::byte{5});
}

TEST_CASE("a file that a peer could still shorten is not adopted") {
  CHECK(memory_file::adopt(plain_memfd(bytes), bytes).error().number == EPERM);
  auto half_sealed = plain_memfd(bytes);
  REQUIRE(::fcntl(half_sealed.get(), F_ADD_SEALS, F_SEAL_GROW) == 0);
  CHECK(memory_file::adopt(std::move(half_sealed), bytes).error().number == EPERM);
}

TEST_CASE("a file of another size than expected is not adopted") {
  auto file = memory_file::create("test", bytes);
  REQUIRE(file.has_value());
  CHECK(memory_file::adopt(duplicate_of(file->fd()), bytes + 1).error().number == EINVAL);
  CHECK(memory_file::adopt(duplicate_of(file->fd()), bytes - 1).error().number == EINVAL);
}

TEST_CASE("what is not a memory file is not adopted") {
  CHECK(memory_file::adopt(unique_fd{}, bytes).error().number == EBADF);
  CHECK(memory_file::adopt(unique_fd{::open("/dev/null", O_RDWR | O_CLOEXEC)}, bytes).has_error());
}

TEST_CASE("memory files leave no descriptor behind, whether they succeed or fail") {
  auto before = open_descriptors();
  {
    auto file = memory_file::create("test", bytes);
    REQUIRE(file.has_value());
    CHECK(open_descriptors() == before + 1);
    (void) memory_file::create("test", size_t{1} << 50);
    (void) memory_file::adopt(plain_memfd(bytes), bytes);
    CHECK(open_descriptors() == before + 1);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a file that is reserved in part is complete when the rest is") {
  auto file = memory_file::create_in_part("test", 16 * bytes, bytes);
  REQUIRE(file.has_value());
  CHECK(file->size() == 16 * bytes);
  auto blocks = [&] {
    struct stat status {};
    REQUIRE(::fstat(file->fd(), &status) == 0);
    return static_cast<size_t>(status.st_blocks) * 512;
  };
  CHECK(blocks() < 16 * bytes);
  REQUIRE(file->reserve_rest().has_value());
  CHECK(blocks() == 16 * bytes);
  CHECK(memory_file::create_in_part("test", size_t{1} << 50, bytes)->reserve_rest().error().number == ENOMEM);
}
