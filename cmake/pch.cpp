// SPDX-License-Identifier: Apache-2.0
// Owner of the precompiled header; it has no code of its own.
