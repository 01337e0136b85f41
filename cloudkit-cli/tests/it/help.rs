//! What all commands share: help texts, usage errors, completions, pipes.

use std::process::{Command, Stdio};

use crate::support::{Cloudkit, repository};

/// The help text of a command, as it is printed into a pipe of 100 columns.
fn help(command: &[&str]) -> String {
    let output = Cloudkit::new(command.iter().chain(&["--help"])).env("COLUMNS", "100").run();
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
    output.stdout
}

#[test]
fn each_help_text_is_the_one_that_was_reviewed() {
    for command in [
        &["conformance"][..],
        &["container", "restore"],
        &["container", "serve"],
        &["container", "snapshot"],
        &["doctor"],
        &["explain"],
        &["key", "new"],
        &["key", "show"],
        &["schema", "check"],
        &["schema", "deploy-check"],
        &["schema", "diff"],
        &["schema", "emit"],
        &["schema", "export"],
        &["schema", "format"],
        &["schema", "generate"],
        &["schema", "import"],
        &["schema", "reset"],
        &["schema", "validate"],
        &["sign"],
    ] {
        let name = command.join("_");
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("help_{name}"), help(command));
        });
    }
}

/// Whoever uses the container from another language reads its document, and not the help of a Rust program.
#[test]
fn the_document_of_the_container_has_every_option() {
    let document = repository("docs/test-container.md");
    let document = std::fs::read_to_string(document).expect("it exists");
    let help = help(&["container", "serve"]);
    let options: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--"))
        .map(|line| line.split([' ', ',']).next().unwrap_or_default())
        .collect();
    assert!(options.len() > 15, "{options:?}");
    for option in options {
        assert!(document.contains(&format!("`--{option}")), "--{option} is not explained");
    }
}

#[test]
fn the_help_text_names_variables_and_exit_codes() {
    let help = help(&[]);
    for word in ["CLOUDKIT_CONTAINER", "CLOUDKIT_PRIVATE_KEY_FILE", "Exit codes", "--format"] {
        assert!(help.contains(word), "{word} is missing in {help}");
    }
}

#[test]
fn a_script_for_each_shell_names_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = Cloudkit::new(["completions", shell]).run();
        assert_eq!(output.code, Some(0));
        assert!(
            output.stdout.contains("completions") && output.stdout.contains("passphrase-file"),
            "{shell}"
        );
    }
}

#[test]
fn wrong_usage_is_2_and_goes_to_standard_error() {
    let output = Cloudkit::new(["completion"]).run();
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
    assert!(output.stderr.contains("'completions'"), "no suggestion in {}", output.stderr);
}

#[test]
fn a_closed_pipe_is_quiet() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_cloudkit"))
        .args(["completions", "bash"])
        .stdin(Stdio::null())
        .stdout(writer)
        .output()
        .expect("the command runs");
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}
