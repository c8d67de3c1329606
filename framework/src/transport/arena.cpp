#include "bulkhead/transport/arena.hpp"

#include "bulkhead/platform/clock.hpp"

#include <boost/interprocess/indexes/null_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace bulkhead::transport {

namespace {

namespace ipc = boost::interprocess;

/// Only this process allocates, under the arena's own mutex.
using manager = ipc::basic_managed_external_buffer<char, ipc::rbtree_best_fit<ipc::null_mutex_family>, ipc::null_index>;

constexpr size_t page_bytes = 4096;

/// A chunk is at least so large: small payloads share one, and a burst does not need many.
constexpr size_t chunk_bytes_min = size_t{4} << 20;

/// The allocator's own books in a chunk, and what alignment may cost.
constexpr size_t overhead_bytes = 2 * page_bytes;

/// So many chunks are enough for anybody: each payload that needs one of its own is large.
constexpr size_t chunks_max = 256;

} // namespace

struct arena::chunk {
  uint64_t number;
  platform::mapping memory;
  manager books;
  size_t blocks = 0;
  uint64_t idle_since_ns = 0;
};

arena::block::block(std::shared_ptr<arena> home, uint64_t chunk, std::byte* first, uint64_t offset, size_t size) noexcept
  : home_(std::move(home)), chunk_(chunk), first_(first), offset_(offset), size_(size) {
  // nop
}

arena::block::~block() {
  home_->free(chunk_, first_);
}

arena::arena(options how) : options_(std::move(how)) {
  // nop
}

arena::~arena() = default;

std::shared_ptr<arena::block> arena::allocate(size_t bytes) {
  if (bytes == 0 || bytes > options_.bytes_max)
    return nullptr;
  std::lock_guard guard{mutex_};
  if (closed_)
    return nullptr;
  for (auto& x : chunks_)
    if (auto found = allocate_in(x, bytes))
      return found;
  auto fresh = grow(bytes);
  return fresh != nullptr ? allocate_in(*fresh, bytes) : nullptr;
}

std::shared_ptr<arena::block> arena::allocate_in(chunk& from, size_t bytes) {
  if (bytes > from.memory.size())
    return nullptr;
  auto memory = from.books.allocate_aligned(bytes, payload_alignment, std::nothrow);
  if (memory == nullptr)
    return nullptr;
  auto first = static_cast<std::byte*>(memory);
  auto offset = static_cast<uint64_t>(first - from.memory.data());
  ++from.blocks;
  return std::make_shared<block>(shared_from_this(), from.number, first, offset, bytes);
}

// Empty chunks make room first: they are of no use for a payload that did not fit into any of them.
arena::chunk* arena::grow(size_t bytes) {
  auto wanted = (bytes + overhead_bytes + page_bytes - 1) / page_bytes * page_bytes;
  auto most = options_.bytes_max + overhead_bytes;
  wanted = std::max<size_t>(wanted, std::min<uint64_t>(chunk_bytes_min, most));
  if (chunks_.size() >= chunks_max || reserved_ + wanted > most)
    drop_empty(UINT64_MAX);
  if (chunks_.size() >= chunks_max || reserved_ + wanted > most)
    return nullptr;
  auto file = platform::memory_file::create("bulkhead-payloads", wanted);
  if (!file)
    return nullptr;
  auto memory = file->map_writable();
  if (!memory)
    return nullptr;
  if (!file->forbid_new_writers())
    return nullptr;
  auto number = ++last_number_;
  if (!options_.announce(number, *file))
    return nullptr;
  auto first = memory->data();
  chunks_.push_front({number, std::move(*memory), manager{ipc::create_only, first, wanted}});
  reserved_ += wanted;
  return &chunks_.front();
}

void arena::free(uint64_t chunk_number, std::byte* first) {
  std::lock_guard guard{mutex_};
  auto i = std::find_if(chunks_.begin(), chunks_.end(), [=](auto& x) { return x.number == chunk_number; });
  i->books.deallocate(first);
  if (--i->blocks > 0)
    return;
  i->idle_since_ns = platform::now_ns();
  if (closed_)
    drop_empty(UINT64_MAX);
  else
    options_.on_idle(); // under the mutex: not after `close`
}

void arena::drop_empty(uint64_t before_ns) {
  std::erase_if(chunks_, [&](chunk& x) {
    if (x.blocks > 0 || x.idle_since_ns > before_ns)
      return false;
    gone_.push_back(x.number);
    reserved_ -= x.memory.size();
    return true;
  });
}

std::vector<uint64_t> arena::trim(uint64_t before_ns) {
  std::lock_guard guard{mutex_};
  drop_empty(before_ns);
  return std::exchange(gone_, {});
}

bool arena::has_idle() const {
  std::lock_guard guard{mutex_};
  return std::any_of(chunks_.begin(), chunks_.end(), [](auto& x) { return x.blocks == 0; });
}

void arena::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
  drop_empty(UINT64_MAX);
}

uint64_t arena::reserved_bytes() const {
  std::lock_guard guard{mutex_};
  return reserved_;
}

} // namespace bulkhead::transport
