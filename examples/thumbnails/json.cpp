#include "json.hpp"

#include <boost/json/src.hpp> // the library's bodies: in this file only

namespace thumbnails {

std::string error_json(std::string_view error, std::string_view detail) {
  return boost::json::serialize(boost::json::object{{"error", error}, {"detail", detail}}) + "\n";
}

std::string health_json(const pool_health& health) {
  return boost::json::serialize(boost::json::object{{"workers", health.workers},
                                                    {"ready", health.ready},
                                                    {"busy", health.busy},
                                                    {"queue", health.waiting},
                                                    {"served", health.served},
                                                    {"failed", health.failed},
                                                    {"replaced", health.replaced}})
         + "\n";
}

} // namespace thumbnails
