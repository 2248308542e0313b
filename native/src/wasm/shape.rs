// SPDX-License-Identifier: Apache-2.0

//! What a module imports and exports.

use wasmtime::wasmparser::{
    CompositeInnerType, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType,
};
use wasmtime::{ExternType, Module};

const PAGE: u64 = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternKind {
    Function,
    Table,
    Memory,
    Global,
    Tag,
}

/// `module` is empty for an export; `signature` for what is no function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extern {
    pub module: String,
    pub name: String,
    pub kind: ExternKind,
    pub signature: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    pub imports: Vec<Extern>,
    pub exports: Vec<Extern>,
    pub memory_min_bytes: u64,
}

impl Shape {
    /// Of a binary that the engine has validated.
    pub fn of_wasm(wasm: &[u8]) -> Result<Self, String> {
        Reader::default().read(wasm).map_err(|error| error.to_string())
    }

    /// Of a compiled module.
    pub fn of_module(module: &Module) -> Self {
        let mut shape = Shape::default();
        for import in module.imports() {
            shape.imports.push(from_engine(import.module(), import.name(), &import.ty()));
        }
        for export in module.exports() {
            shape.exports.push(from_engine("", export.name(), &export.ty()));
        }
        let resources = module.resources_required();
        let own = resources.num_memories.saturating_sub(count_memories(&shape.imports));
        let pages = if own > 0 { resources.max_initial_memory_size.unwrap_or(0) } else { 0 };
        shape.memory_min_bytes = pages.saturating_mul(PAGE);
        shape
    }
}

fn count_memories(externs: &[Extern]) -> u32 {
    externs.iter().filter(|it| it.kind == ExternKind::Memory).count() as u32
}

fn from_engine(module: &str, name: &str, ty: &ExternType) -> Extern {
    let (kind, signature) = match ty {
        ExternType::Func(function) => (
            ExternKind::Function,
            signature(
                function.params().map(|it| it.to_string()),
                function.results().map(|it| it.to_string()),
            ),
        ),
        ExternType::Table(_) => (ExternKind::Table, String::new()),
        ExternType::Memory(_) => (ExternKind::Memory, String::new()),
        ExternType::Global(_) => (ExternKind::Global, String::new()),
        ExternType::Tag(_) => (ExternKind::Tag, String::new()),
    };
    Extern { module: module.to_string(), name: name.to_string(), kind, signature }
}

/// "(i32, i64) -> (i32)"
fn signature(
    params: impl Iterator<Item = String>,
    results: impl Iterator<Item = String>,
) -> String {
    let params = params.collect::<Vec<_>>().join(", ");
    let results = results.collect::<Vec<_>>().join(", ");
    format!("({params}) -> ({results})")
}

/// One pass over the sections that say what is imported and exported.
#[derive(Default)]
struct Reader {
    types: Vec<Option<FuncType>>,
    /// Type of each function, imported ones first.
    functions: Vec<u32>,
    shape: Shape,
}

impl Reader {
    fn read(mut self, wasm: &[u8]) -> wasmtime::wasmparser::Result<Shape> {
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        for sub_type in group?.into_types() {
                            self.types.push(match sub_type.composite_type.inner {
                                CompositeInnerType::Func(function) => Some(function),
                                _ => None,
                            });
                        }
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        self.import(import.module, import.name, import.ty);
                    }
                }
                Payload::FunctionSection(section) => {
                    for index in section {
                        self.functions.push(index?);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        self.shape.memory_min_bytes += memory?.initial.saturating_mul(PAGE);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        self.export(export.name, export.kind, export.index);
                    }
                }
                _ => {}
            }
        }
        Ok(self.shape)
    }

    fn import(&mut self, module: &str, name: &str, ty: TypeRef) {
        let (kind, signature) = match ty {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                self.functions.push(index);
                (ExternKind::Function, self.signature_of_type(index))
            }
            TypeRef::Table(_) => (ExternKind::Table, String::new()),
            TypeRef::Memory(_) => (ExternKind::Memory, String::new()),
            TypeRef::Global(_) => (ExternKind::Global, String::new()),
            TypeRef::Tag(_) => (ExternKind::Tag, String::new()),
        };
        let (module, name) = (module.to_string(), name.to_string());
        self.shape.imports.push(Extern { module, name, kind, signature });
    }

    fn export(&mut self, name: &str, kind: ExternalKind, index: u32) {
        let (kind, signature) = match kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                let index = self.functions.get(index as usize).copied().unwrap_or(u32::MAX);
                (ExternKind::Function, self.signature_of_type(index))
            }
            ExternalKind::Table => (ExternKind::Table, String::new()),
            ExternalKind::Memory => (ExternKind::Memory, String::new()),
            ExternalKind::Global => (ExternKind::Global, String::new()),
            ExternalKind::Tag => (ExternKind::Tag, String::new()),
        };
        let export = Extern { module: String::new(), name: name.to_string(), kind, signature };
        self.shape.exports.push(export);
    }

    fn signature_of_type(&self, index: u32) -> String {
        let text = |types: &[ValType]| types.iter().map(|it| it.to_string()).collect::<Vec<_>>();
        match self.types.get(index as usize) {
            Some(Some(function)) => {
                signature(text(function.params()).into_iter(), text(function.results()).into_iter())
            }
            _ => String::new(),
        }
    }
}
