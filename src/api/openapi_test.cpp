// SPDX-License-Identifier: Apache-2.0
#include "api/openapi.hpp"

#include <set>

#include "api/testing/api_world.hpp"

namespace skrei::api {
namespace {

class OpenApiTest : public testing::ApiWorld {};

TEST_F(OpenApiTest, DescribesEveryRouteAndNothingElse) {
  std::set<http::RouteName> described;
  for (const OperationText& operation : operations()) {
    described.insert(
        {.pattern = std::string(operation.pattern), .method = std::string(operation.method)});
  }

  for (const http::RouteName& route : server.routes()) {
    EXPECT_TRUE(described.erase(route) == 1)
        << route.method << " " << route.pattern << " is missing in openapi_table.cpp";
  }
  for (const http::RouteName& name : described) {
    ADD_FAILURE() << name.method << " " << name.pattern << " is described and not served";
  }
}

/// Every "$ref" leads somewhere.
void check_references(const json::Value& document, const json::Value& value) {
  if (value.is_object() && value.contains("$ref")) {
    const std::string target = value["$ref"].get<std::string>().substr(1);
    EXPECT_TRUE(document.contains(json::Value::json_pointer(target))) << target;
  }
  if (value.is_structured()) {
    for (const json::Value& item : value)
      check_references(document, item);
  }
}

TEST_F(OpenApiTest, IsServedWithUniqueNamesAndWholeReferences) {
  const json::Value document = get("/api/v1/openapi.json").json();

  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "v1.9.3+test");
  check_references(document, document);
  std::set<std::string> ids;
  for (const json::Value& path : document["paths"]) {
    for (const json::Value& operation : path)
      EXPECT_TRUE(ids.insert(operation["operationId"]).second) << operation["operationId"];
  }
  EXPECT_EQ(document["components"]["schemas"]["Job"]["properties"]["Type"]["enum"],
            json::Value({"", "batch", "ops", "service", "daemon"}));
}

TEST(OpenApi, ParametersOfOperationsHaveTexts) {
  for (const OperationText& operation : operations()) {
    EXPECT_FALSE(operation.summary.empty()) << operation.id;
    std::string names = std::string(operation.parameters) + " " + std::string(operation.headers);
    for (std::size_t at = names.find_first_not_of(' '); at < names.size();) {
      const std::size_t end = std::min(names.find(' ', at), names.size());
      EXPECT_NE(find_parameter(names.substr(at, end - at)), nullptr) << names.substr(at, end - at);
      at = std::min(names.find_first_not_of(' ', end), names.size());
    }
  }
}

}  // namespace
}  // namespace skrei::api
