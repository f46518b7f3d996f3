    println!("cargo::rustc-link-arg-bins=-Tdefmt.x");
