// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace skrei::model {

/// Labels and metadata: sorted, so that they print and hash alike everywhere.
using StringMap = std::map<std::string, std::string>;

/// The operators of Kubernetes label selectors; `Equals` and `DoubleEquals` mean the same and are
/// kept apart only so that a job prints as it was written.
enum class LabelOperator {
  In,
  NotIn,
  Equals,
  DoubleEquals,
  NotEquals,
  Exists,
  DoesNotExist,
  GreaterThan,
  LessThan,
};

/// As written in jobs: "in", "notin", "=", "==", "!=", "exists", "!", "gt", "lt".
std::string_view to_string(LabelOperator op);
Result<LabelOperator> parse_label_operator(std::string_view text);

/// One requirement on the labels of a node (or of a job, in lists).
struct Constraint {
  std::string key;
  LabelOperator op = LabelOperator::Exists;
  /// One value for the equalities, gt and lt (an integer); one or more for in and notin; else none.
  std::vector<std::string> values;

  bool operator==(const Constraint&) const = default;
};

/// Whether key, operator and values fit together. InvalidArgument names the constraint.
Result<void> validate(const Constraint& constraint);

/// Whether labels meet the constraint. As in Kubernetes, notin and != hold where the key is
/// absent, gt and lt need an integer label.
bool matches(const Constraint& constraint, const StringMap& labels);
bool matches(const std::vector<Constraint>& constraints, const StringMap& labels);

/// A selector as typed in lists: `region in (eu, us), !spot, disk!=hdd, cores gt 4, gpu`.
/// Also `cores>4` and `cores<4`. Empty text is no constraint. InvalidArgument points at the place.
Result<std::vector<Constraint>> parse_selector(std::string_view text);

/// The inverse of parse_selector for one constraint, for messages: `region in (eu,us)`.
std::string to_string(const Constraint& constraint);

}  // namespace skrei::model
