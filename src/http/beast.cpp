// SPDX-License-Identifier: Apache-2.0
// Beast's separately compiled part (BOOST_BEAST_SEPARATE_COMPILATION), once.
#include <boost/beast/src.hpp>
