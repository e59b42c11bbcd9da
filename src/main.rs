//! The `thalweg` program: see [`thalweg::cli`].

fn main() -> std::process::ExitCode {
    thalweg::cli::main()
}
