//! Progress on a terminal: a line per stage, and a bar while something is counted. Where stderr is no terminal, plain
//! lines.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{Progress, Stage};

/// Writes progress to stderr.
#[derive(Debug)]
pub struct Terminal {
    bar: Option<ProgressBar>,
}

impl Terminal {
    /// A bar if stderr is a terminal, else plain lines.
    pub fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar }
    }

    /// Takes the bar away, before something else is printed.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Prints to stdout without breaking the bar.
    pub fn aside(&self, text: &str) {
        let print = || {
            // A reader that went away is no reason to stop the job.
            let _ = writeln!(io::stdout(), "{text}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn print(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => {
                let _ = writeln!(io::stderr(), "{text}");
            }
        }
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Terminal {
    fn stage(&self, stage: Stage) {
        self.print(&format!("[{}]", stage.name()));
        if let Some(bar) = &self.bar {
            bar.set_style(ProgressStyle::default_spinner());
            bar.set_message(stage.name());
        }
    }

    fn line(&self, text: &str) {
        self.print(&format!("  {text}"));
    }

    fn count(&self, done: usize, total: usize, what: &str) {
        if let Some(bar) = &self.bar {
            if let Ok(style) =
                ProgressStyle::with_template("{spinner} [{bar:30}] {pos}/{len} {msg}")
            {
                bar.set_style(style);
            }
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            bar.set_message(what.to_owned());
        } else if done == total {
            self.print(&format!("  {done} of {total} {what}"));
        }
    }
}
