//! `cloudkit completions`, and what all commands share.

use std::process::{Command, Stdio};

fn cloudkit() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudkit"));
    command.env_clear().stdin(Stdio::null());
    command
}

#[test]
fn a_script_for_each_shell_names_the_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = cloudkit().args(["completions", shell]).output().expect("the command runs");
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).contains("completions"), "{shell}");
    }
}

#[test]
fn wrong_usage_is_2_and_goes_to_standard_error() {
    let output = cloudkit().arg("completion").output().expect("the command runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("completions"), "no suggestion");
}

#[test]
fn a_closed_pipe_is_quiet() {
    let mut child = cloudkit()
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}
