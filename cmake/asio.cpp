// SPDX-License-Identifier: Apache-2.0
// Asio's separately compiled part (BOOST_ASIO_SEPARATE_COMPILATION), once for all rooms.
#include <boost/asio/impl/src.hpp>
