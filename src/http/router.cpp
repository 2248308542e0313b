// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <algorithm>
#include <map>

#include "base/assert.hpp"

namespace skrei::http {

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> param;
  std::unique_ptr<Node> rest;
  std::vector<std::unique_ptr<Route>> routes;
};

namespace {

/// Takes the first segment off `path`, which begins with '/'.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

/// Depth first, literal before parameter before rest. `values` holds what the parameters matched.
template <class Node>
const Node* descend(const Node& node, std::string_view path,
                    std::vector<std::string_view>& values) {
  if (path.empty()) {
    if (!node.routes.empty()) return &node;
    if (!node.rest) return nullptr;
    values.push_back({});
    return node.rest.get();
  }
  std::string_view behind = path;
  const std::string_view segment = take_segment(behind);
  if (const auto literal = node.literals.find(segment); literal != node.literals.end()) {
    if (const Node* found = descend(*literal->second, behind, values)) return found;
  }
  if (node.param && !segment.empty()) {
    values.push_back(segment);
    if (const Node* found = descend(*node.param, behind, values)) return found;
    values.pop_back();
  }
  if (!node.rest) return nullptr;
  values.push_back(path.substr(1));
  return node.rest.get();
}

template <class Routes>
const Route* route_for(const Routes& routes, std::string_view method) {
  const auto found =
      std::ranges::find_if(routes, [&](const auto& route) { return route->method == method; });
  if (found != routes.end()) return found->get();
  return method == "HEAD" ? route_for(routes, "GET") : nullptr;
}

template <class Routes>
std::vector<std::string> allowed_methods(const Routes& routes) {
  std::vector<std::string> methods{"OPTIONS"};
  for (const auto& route : routes) {
    methods.push_back(route->method);
    if (route->method == "GET") methods.push_back("HEAD");
  }
  std::ranges::sort(methods);
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return methods;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(std::string_view method, std::string_view pattern, Handler handler,
                 RouteOptions options) {
  SKREI_ASSERT(pattern.starts_with('/'));
  auto route = std::make_unique<Route>(std::string(method), std::string(pattern),
                                       std::move(handler), std::move(options));
  Node* node = root_.get();
  std::string_view path = pattern;
  while (!path.empty()) {
    const std::string_view segment = take_segment(path);
    std::unique_ptr<Node>* next = nullptr;
    if (segment.starts_with(':')) {
      next = &node->param;
    } else if (segment.starts_with('*')) {
      SKREI_ASSERT(path.empty());
      next = &node->rest;
    } else {
      next = &node->literals[std::string(segment)];
    }
    if (next != nullptr && (segment.starts_with(':') || segment.starts_with('*'))) {
      route->param_names.emplace_back(segment.substr(1));
    }
    if (!*next) *next = std::make_unique<Node>();
    node = next->get();
  }
  const bool is_new = std::ranges::none_of(
      node->routes, [&](const auto& other) { return other->method == route->method; });
  SKREI_ASSERT(is_new);
  names_.insert({.pattern = std::string(pattern), .method = std::string(method)});
  node->routes.push_back(std::move(route));
}

std::vector<RouteName> Router::names() const {
  return {names_.begin(), names_.end()};
}

Result<Router::Match> Router::find(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  std::vector<std::string_view> values;
  const Node* node = descend(*root_, path, values);
  // "/jobs/" is "/jobs".
  if (node == nullptr && path.size() > 1 && path.ends_with('/')) {
    values.clear();
    node = descend(*root_, path.substr(0, path.size() - 1), values);
  }
  if (node == nullptr) return match;
  match.path_known = true;
  match.route = route_for(node->routes, method);
  if (match.route == nullptr) {
    match.allowed = allowed_methods(node->routes);
    return match;
  }
  SKREI_ASSERT(values.size() == match.route->param_names.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    TRY_ASSIGN(std::string value, percent_decode(values[i]));
    match.params.emplace_back(match.route->param_names[i], std::move(value));
  }
  return match;
}

}  // namespace skrei::http
