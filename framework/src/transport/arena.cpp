#include "bulkhead/transport/arena.hpp"

#include "bulkhead/platform/clock.hpp"

#include <boost/interprocess/indexes/null_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>

#include <algorithm>
#include <iterator>
#include <new>
#include <optional>
#include <utility>

namespace bulkhead::transport {

namespace {

namespace ipc = boost::interprocess;

/// Only this process allocates, under the arena's own mutex.
using manager = ipc::basic_managed_external_buffer<char, ipc::rbtree_best_fit<ipc::null_mutex_family>, ipc::null_index>;

constexpr size_t page_bytes = 4096;

/// A chunk has at least a quarter of all memory so far, within these bounds: small payloads share one, a burst does not need
/// many, and a small payload does not wait for a large chunk.
constexpr size_t chunk_bytes_min = size_t{4} << 20;
constexpr size_t chunk_bytes_max = size_t{64} << 20;

/// The allocator's own books in a chunk, and what alignment may cost.
constexpr size_t overhead_bytes = 2 * page_bytes;

constexpr size_t own_chunks_max = 256;

/// A payload of this size starts with a page. Copying is up to four times slower if the target lies less than 512 bytes further
/// into its page than the source ("4K aliasing", Intel 64 and IA-32 Architectures Optimization Reference Manual), and large
/// blocks of the heap, the usual sources, start a few bytes into theirs.
constexpr size_t page_aligned_bytes_min = size_t{64} << 10;

} // namespace

struct arena::chunk {
  chunk(uint64_t number_, platform::memory_file file_, platform::mapping memory_)
    : number(number_),
      file(std::move(file_)),
      memory(std::move(memory_)),
      books(ipc::create_only, memory.data(), memory.size()) {
    // nop
  }

  uint64_t number;
  /// Until the peer knows the chunk.
  std::optional<platform::memory_file> file;
  platform::mapping memory;
  manager books;
  size_t blocks = 0;
  uint64_t idle_since_ns = 0;
};

arena::block::block(std::shared_ptr<arena> home, chunk& in, std::byte* first, size_t size) noexcept
  : home_(std::move(home)), chunk_(in), first_(first), size_(size) {
  // nop
}

arena::block::~block() {
  home_->free(*this);
}

uint64_t arena::block::chunk_number() const noexcept {
  return chunk_.number;
}

uint64_t arena::block::offset_of(const std::byte* what) const noexcept {
  return static_cast<uint64_t>(what - chunk_.memory.data());
}

arena::arena(options how) : options_(std::move(how)) {
  // nop
}

arena::~arena() = default;

// Reserving memory takes as long as writing it: others must not wait for that.
std::shared_ptr<arena::block> arena::allocate(size_t bytes) {
  if (bytes == 0 || bytes > options_.bytes_max)
    return nullptr;
  chunk_list fresh, empty; // outlive the guards
  size_t wanted = 0;
  {
    std::lock_guard guard{mutex_};
    if (auto found = find_room(bytes))
      return found;
    wanted = next_chunk_bytes(bytes);
    // Empty chunks make room: they are of no use for a payload that did not fit into any of them.
    if (wanted == 0)
      take_empty(UINT64_MAX, empty);
    wanted = next_chunk_bytes(bytes);
    if (closed_ || wanted == 0)
      return nullptr;
    reserved_ += wanted;
  }
  auto file = platform::memory_file::create("bulkhead-payloads", wanted);
  auto memory = file ? file->map_writable() : platform::result<platform::mapping>{file.error()};
  auto sealed = memory && file->forbid_new_writers();
  std::lock_guard guard{mutex_};
  if (!sealed || closed_) {
    reserved_ -= wanted;
    return nullptr;
  }
  fresh.emplace_front(++last_number_, std::move(*file), std::move(*memory));
  chunks_.splice(chunks_.begin(), fresh);
  return allocate_in(chunks_.front(), bytes);
}

std::shared_ptr<arena::block> arena::find_room(size_t bytes) {
  if (closed_)
    return nullptr;
  for (auto& x : chunks_)
    if (auto found = allocate_in(x, bytes))
      return found;
  return nullptr;
}

std::shared_ptr<arena::block> arena::allocate_in(chunk& from, size_t bytes) {
  if (bytes > from.memory.size())
    return nullptr;
  auto alignment = bytes < page_aligned_bytes_min ? payload_alignment : page_bytes;
  auto first = from.books.allocate_aligned(bytes, alignment, std::nothrow);
  if (first == nullptr)
    return nullptr;
  ++from.blocks;
  return std::make_shared<block>(shared_from_this(), from, static_cast<std::byte*>(first), bytes);
}

// 0 if there must be no further chunk.
size_t arena::next_chunk_bytes(size_t bytes) const {
  auto needed = (bytes + overhead_bytes + page_bytes - 1) / page_bytes * page_bytes;
  auto most = options_.bytes_max + overhead_bytes;
  if (chunks_.size() >= own_chunks_max || reserved_ + needed > most)
    return 0;
  auto share = std::clamp<uint64_t>(reserved_ / 4, chunk_bytes_min, chunk_bytes_max) / page_bytes * page_bytes;
  return std::max<size_t>(needed, std::min(share, (most - reserved_) / page_bytes * page_bytes));
}

bool arena::announce(const block& in, const std::function<bool(uint64_t, const platform::memory_file&)>& send) {
  std::lock_guard guard{mutex_};
  auto& where = in.chunk_;
  if (where.file && !closed_ && send(where.number, *where.file))
    where.file.reset();
  return !where.file;
}

void arena::free(block& what) {
  chunk_list empty; // outlives the guard
  std::lock_guard guard{mutex_};
  auto& where = what.chunk_;
  where.books.deallocate(what.first_);
  if (--where.blocks > 0)
    return;
  where.idle_since_ns = platform::now_ns();
  if (closed_)
    take_empty(UINT64_MAX, empty);
  else
    options_.on_idle(); // under the mutex: not after `close`
}

// Unmapping takes long, so that is for the caller to do, without the mutex.
void arena::take_empty(uint64_t before_ns, chunk_list& out) {
  for (auto i = chunks_.begin(); i != chunks_.end();) {
    auto next = std::next(i);
    if (i->blocks == 0 && i->idle_since_ns <= before_ns) {
      if (!i->file)
        gone_.push_back(i->number);
      reserved_ -= i->memory.size();
      out.splice(out.end(), chunks_, i);
    }
    i = next;
  }
}

std::vector<uint64_t> arena::trim(uint64_t before_ns) {
  chunk_list empty; // outlives the guard
  std::lock_guard guard{mutex_};
  take_empty(before_ns, empty);
  return std::exchange(gone_, {});
}

bool arena::has_idle() const {
  std::lock_guard guard{mutex_};
  return std::any_of(chunks_.begin(), chunks_.end(), [](auto& x) { return x.blocks == 0; });
}

void arena::close() {
  chunk_list empty; // outlives the guard
  std::lock_guard guard{mutex_};
  closed_ = true;
  take_empty(UINT64_MAX, empty);
}

uint64_t arena::reserved_bytes() const {
  std::lock_guard guard{mutex_};
  return reserved_;
}

} // namespace bulkhead::transport
