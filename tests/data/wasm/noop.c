// SPDX-License-Identifier: Apache-2.0
// noop: does nothing and exits 0; the cheapest job there is.
int main(void) {
  return 0;
}
