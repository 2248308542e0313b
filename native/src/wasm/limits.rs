// SPDX-License-Identifier: Apache-2.0

use wasmtime::ResourceLimiter;

/// Keeps a run within its memory and remembers what it needed.
pub struct Limits {
    memory_max: usize,
    memory_now: usize,
    memory_last_growth: usize,
    table_elements_max: usize,
    table_elements_now: usize,
    pub memory_peak: usize,
    /// A growth was refused because of `memory_max`, not of the module's own maximum.
    pub memory_refused: bool,
}

impl Limits {
    pub fn new(memory_max: u64, table_elements_max: u64) -> Self {
        Limits {
            memory_max: usize::try_from(memory_max).unwrap_or(usize::MAX),
            memory_now: 0,
            memory_last_growth: 0,
            table_elements_max: usize::try_from(table_elements_max).unwrap_or(usize::MAX),
            table_elements_now: 0,
            memory_peak: 0,
            memory_refused: false,
        }
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let growth = desired.saturating_sub(current);
        if growth > self.memory_max.saturating_sub(self.memory_now) {
            self.memory_refused = true;
            return Ok(false);
        }
        self.memory_last_growth = growth;
        self.memory_now += growth;
        self.memory_peak = self.memory_peak.max(self.memory_now);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory_now -= std::mem::take(&mut self.memory_last_growth);
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current);
        if growth > self.table_elements_max.saturating_sub(self.table_elements_now) {
            return Ok(false);
        }
        self.table_elements_now += growth;
        Ok(true)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        256
    }

    fn memories(&self) -> usize {
        64
    }
}
