//! The entry point of `ecsail`; everything else is in the library.

fn main() -> std::process::ExitCode {
    ecsail::cli::main()
}
