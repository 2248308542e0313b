// SPDX-License-Identifier: Apache-2.0

//! Linking: WASI, import modules, entry function; whatever is missing is said here, by name.

use std::collections::HashMap;

use wasmtime::{ExternType, InstancePre, Linker, Store};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1;

use crate::abi::common::SkreiStatus;
use crate::error::Failure;
use crate::wasm::engine::EngineOptions;
use crate::wasm::limits::Limits;
use crate::wasm::module::Module;
use crate::wasm::run::State;

pub const DEFAULT_ENTRY: &str = "_start";
const INITIALIZE: &str = "_initialize";
const WASI: &str = "wasi_snapshot_preview1";
const WASI_PREVIEW_0: &str = "wasi_unstable";

/// A module under the name by which others import it.
pub struct ImportModule {
    pub name: String,
    pub module: Module,
}

pub struct Program {
    pub engine: wasmtime::Engine,
    pub options: EngineOptions,
    pub linkage: Linkage,
    /// Exported functions to call, in this order.
    pub calls: Vec<String>,
}

/// With import modules the linking ends in each run, since their instances belong to one store.
#[derive(Clone)]
pub enum Linkage {
    Alone(InstancePre<State>),
    /// Each import module comes after those that it imports itself.
    WithImports {
        linker: Linker<State>,
        imports: Vec<(String, wasmtime::Module)>,
        entry: wasmtime::Module,
    },
}

impl Program {
    pub fn link(entry: Module, imports: Vec<ImportModule>, name: &str) -> Result<Self, Failure> {
        let engine = entry.module.engine().clone();
        let options = entry.options;
        let mut linker = Linker::new(&engine);
        p1::add_to_linker_async(&mut linker, |state: &mut State| &mut state.wasi)
            .map_err(|error| Failure::internal(format!("the WASI functions: {error:#}")))?;

        let known = Known::new(&linker, &engine, &imports);
        known.check("the module", &entry.module)?;
        for import in &imports {
            known.check(&format!("import module \"{}\"", import.name), &import.module.module)?;
        }
        let calls = calls(&entry.module, name)?;
        let linkage = if imports.is_empty() {
            Linkage::Alone(linker.instantiate_pre(&entry.module).map_err(|error| {
                Failure::new(SkreiStatus::FailedPrecondition, format!("the module: {error:#}"))
            })?)
        } else {
            Linkage::WithImports { linker, imports: ordered(imports)?, entry: entry.module }
        };
        Ok(Program { engine, options, linkage, calls })
    }
}

/// What can be imported: (module, name) → type.
struct Known {
    externs: HashMap<(String, String), ExternType>,
    module_names: Vec<String>,
}

impl Known {
    fn new(linker: &Linker<State>, engine: &wasmtime::Engine, imports: &[ImportModule]) -> Self {
        let mut store = Store::new(
            engine,
            State { wasi: WasiCtxBuilder::new().build_p1(), limits: Limits::new(0, 0) },
        );
        let wasi: Vec<_> = linker
            .iter(&mut store)
            .map(|(module, name, item)| (module.to_string(), name.to_string(), item))
            .collect();
        let mut externs = HashMap::new();
        for (module, name, item) in wasi {
            externs.insert((module, name), item.ty(&store));
        }
        for import in imports {
            for export in import.module.module.exports() {
                externs.insert((import.name.clone(), export.name().to_string()), export.ty());
            }
        }
        let mut module_names = vec![WASI.to_string()];
        module_names.extend(imports.iter().map(|it| it.name.clone()));
        Known { externs, module_names }
    }

    fn check(&self, who: &str, module: &wasmtime::Module) -> Result<(), Failure> {
        let mut missing = Vec::new();
        for import in module.imports() {
            let key = (import.module().to_string(), import.name().to_string());
            match self.externs.get(&key) {
                None => missing.push(format!("{}.{}", key.0, key.1)),
                Some(found) => check_function_type(who, &key, &import.ty(), found)?,
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(SkreiStatus::FailedPrecondition, self.missing_sentence(who, &missing)))
    }

    fn missing_sentence(&self, who: &str, missing: &[String]) -> String {
        const SHOWN: usize = 8;
        let more = missing.len().saturating_sub(SHOWN);
        let mut list = missing[..missing.len() - more].join(", ");
        if more > 0 {
            list += &format!(" and {more} more");
        }
        let hint = if missing.iter().any(|it| it.starts_with(WASI_PREVIEW_0)) {
            "; wasi_unstable is preview 0: build it with a newer SDK".to_string()
        } else {
            format!("; there is {}", self.module_names.join(", "))
        };
        format!("{who} imports {list}, which Skrei does not provide{hint}")
    }
}

fn check_function_type(
    who: &str,
    (module, name): &(String, String),
    wanted: &ExternType,
    found: &ExternType,
) -> Result<(), Failure> {
    let fits = match (wanted, found) {
        (ExternType::Func(wanted), ExternType::Func(found)) => found.matches(wanted),
        (ExternType::Func(_), _) | (_, ExternType::Func(_)) => false,
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err(Failure::new(
        SkreiStatus::FailedPrecondition,
        format!("{who} imports {module}.{name} with another type than it has"),
    ))
}

/// The entry function, after "_initialize" where the entry is not "_start".
fn calls(module: &wasmtime::Module, name: &str) -> Result<Vec<String>, Failure> {
    let name = if name.is_empty() { DEFAULT_ENTRY } else { name };
    check_entry(module, name)?;
    let initialize = name != DEFAULT_ENTRY && name != INITIALIZE;
    if initialize && module.get_export(INITIALIZE).is_some() {
        check_entry(module, INITIALIZE)?;
        return Ok(vec![INITIALIZE.to_string(), name.to_string()]);
    }
    Ok(vec![name.to_string()])
}

fn check_entry(module: &wasmtime::Module, name: &str) -> Result<(), Failure> {
    let precondition = |text| Err(Failure::new(SkreiStatus::FailedPrecondition, text));
    match module.get_export(name) {
        Some(ExternType::Func(function)) => {
            if function.params().len() == 0 && function.results().len() == 0 {
                return Ok(());
            }
            precondition(format!(
                "function \"{name}\" of the module takes {} and returns {} values; \
                 an entry function takes and returns none",
                function.params().len(),
                function.results().len()
            ))
        }
        Some(_) => precondition(format!("export \"{name}\" of the module is not a function")),
        None => precondition(format!(
            "the module has no function \"{name}\" to start with; it exports {}",
            exported_functions(module)
        )),
    }
}

fn exported_functions(module: &wasmtime::Module) -> String {
    const SHOWN: usize = 12;
    let names: Vec<_> = module
        .exports()
        .filter(|it| matches!(it.ty(), ExternType::Func(_)))
        .map(|it| format!("\"{}\"", it.name()))
        .collect();
    match names.len() {
        0 => "no function".to_string(),
        count if count > SHOWN => {
            format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN)
        }
        _ => names.join(", "),
    }
}

/// Import modules so that each comes after those it imports; names twice and circles are refused.
fn ordered(imports: Vec<ImportModule>) -> Result<Vec<(String, wasmtime::Module)>, Failure> {
    let mut waiting = imports;
    for (index, import) in waiting.iter().enumerate() {
        if waiting[..index].iter().any(|other| other.name == import.name) {
            return Err(Failure::invalid(format!(
                "two import modules have the name \"{}\"",
                import.name
            )));
        }
    }
    let mut done: Vec<(String, wasmtime::Module)> = Vec::new();
    while !waiting.is_empty() {
        let ready = |it: &ImportModule| {
            it.module
                .module
                .imports()
                .all(|import| !waiting.iter().any(|other| other.name == import.module()))
        };
        let Some(index) = waiting.iter().position(ready) else {
            let names: Vec<_> = waiting.iter().map(|it| it.name.as_str()).collect();
            return Err(Failure::invalid(format!(
                "the import modules {} import each other in a circle",
                names.join(", ")
            )));
        };
        let import = waiting.remove(index);
        done.push((import.name, import.module.module));
    }
    Ok(done)
}
