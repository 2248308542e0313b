// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server.hpp"

namespace skrei::http {

struct Route {
  std::string method;
  std::string pattern;
  Handler handler;
  RouteOptions options;
  std::vector<std::string> param_names;  // In the order of the pattern.
};

/// Patterns to routes; see Server::route for the rules. A tree by segments, so that the cost of a
/// look-up does not grow with the number of routes.
class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  void add(std::string_view method, std::string_view pattern, Handler handler,
           RouteOptions options);

  std::vector<RouteName> names() const;

  struct Match {
    const Route* route = nullptr;  // Null: nothing for this method, or for this path.
    bool path_known = false;
    std::vector<std::pair<std::string, std::string>> params;
    std::vector<std::string> allowed;  // Methods, when the path is known and the method is not.
  };
  /// `path` is still encoded, so that an encoded slash stays inside its segment. InvalidArgument
  /// for a broken escape in a parameter.
  Result<Match> find(std::string_view method, std::string_view path) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  std::set<RouteName> names_;
};

}  // namespace skrei::http
