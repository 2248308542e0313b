// SPDX-License-Identifier: Apache-2.0

//! The headers in include/ are what cbindgen makes of src/abi/. `SKREI_BLESS=1` writes them.

use std::path::Path;

fn generate(source: &str, includes: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    config.includes = includes.iter().map(|name| name.to_string()).collect();
    let mut text = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/abi").join(source))
        .generate()
        .unwrap()
        .write(&mut text);
    without_safety_sections(&String::from_utf8(text).unwrap())
}

/// Rust's "# Safety" sections repeat what a C programmer takes for granted.
fn without_safety_sections(header: &str) -> String {
    let mut out = String::new();
    let mut skipping = false;
    for line in header.lines() {
        let comment = line.starts_with("///");
        skipping = comment && (skipping || line.contains("# Safety"));
        if skipping {
            if let Some(before) = out.strip_suffix("///\n") {
                out.truncate(before.len());
            }
            continue;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[test]
fn committed_headers_match_the_sources() {
    let includes = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let headers: [(&str, &str, &[&str]); 3] = [
        ("common.rs", "skrei_native.h", &[]),
        ("wasm.rs", "skrei_wasm.h", &["skrei_native.h"]),
        ("p2p.rs", "skrei_p2p.h", &["skrei_native.h"]),
    ];
    for (source, name, header_includes) in headers {
        let made = generate(source, header_includes);
        let path = includes.join(name);
        if std::env::var_os("SKREI_BLESS").is_some() {
            std::fs::write(&path, made).unwrap();
            continue;
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, made, "{name} is stale; run SKREI_BLESS=1 cargo test --test headers");
    }
}
