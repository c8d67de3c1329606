#include "layering.hpp"

#include <algorithm>
#include <array>

namespace bulkhead::tidy {

namespace {

size_t index_of(std::string_view layer, const layer_list& layers) {
  return static_cast<size_t>(std::find(layers.begin(), layers.end(), layer) - layers.begin());
}

/// @param path what follows `bulkhead/` or `src/`.
size_t layer_of_rest(std::string_view rest, const layer_list& layers) {
  auto slash = rest.find('/');
  return slash == rest.npos ? layers.size() - 1 : index_of(rest.substr(0, slash), layers);
}

} // namespace

size_t layer_of(std::string_view path, const layer_list& layers) {
  for (std::string_view folder : {"framework/include/bulkhead/", "framework/src/"})
    if (path.starts_with(folder))
      return layer_of_rest(path.substr(folder.size()), layers);
  return layers.size();
}

findings upward_includes(const source_file& file, const layer_list& layers) {
  constexpr std::string_view prefix = "bulkhead/";
  findings result;
  auto own = layer_of(file.path, layers);
  if (own == layers.size())
    result.push_back(file.path + " is in no layer");
  for (size_t i = 0; i < file.lines.size(); ++i) {
    auto header = included(file.lines[i]);
    if (header.find("../") != header.npos)
      result.push_back(at_line(file, i, "includes by a path that climbs: name it from bulkhead/"));
    if (!header.starts_with(prefix))
      continue;
    auto other = layer_of_rest(header.substr(prefix.size()), layers);
    if (other > own)
      result.push_back(at_line(file, i, "includes the upper layer's " + std::string{header}));
  }
  return result;
}

findings foreign_includes(const source_file& file, const layer_list& layers) {
  findings result;
  auto own = layer_of(file.path, layers);
  for (size_t i = 0; i < file.lines.size(); ++i) {
    auto header = included(file.lines[i]);
    if (header.starts_with("caf/") && own < index_of("transport", layers))
      result.push_back(at_line(file, i, "includes CAF"));
    if (header.starts_with("boost/asio") && own < index_of("runtime", layers))
      result.push_back(at_line(file, i, "includes Asio"));
  }
  return result;
}

findings system_includes(const source_file& file, const layer_list& layers) {
  constexpr std::array names{"unistd.h", "fcntl.h", "poll.h",    "sched.h",
                             "spawn.h",  "dlfcn.h", "pthread.h", "semaphore.h"};
  findings result;
  if (layer_of(file.path, layers) == index_of("platform", layers))
    return result;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    auto header = included(file.lines[i]);
    if (header.starts_with("sys/") || header.starts_with("linux/")
        || std::find(names.begin(), names.end(), header) != names.end())
      result.push_back(at_line(file, i, "includes <" + std::string{header} + ">, which is platform's to wrap"));
  }
  return result;
}

} // namespace bulkhead::tidy
