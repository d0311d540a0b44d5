//! What the manager's drill is told.

use std::ffi::OsString;
use std::path::PathBuf;

use common::os::clock;
use common::prelude::*;

/// How many generations there are.
pub(super) const GENERATIONS: usize = 3;

pub(super) const HELP: &str = "[OPTION...]
Makes a tree of random services with a manager in the new directory of --root, asks for random
transactions, and kills what carries them out. When all is at rest it judges: prints a line for each
fault, then what there was; exits 1 if there was a fault.
  --root DIR         where all that is made
  --bin BIN          where the programs are
  --services N       how many (100)
  --transactions N   how many (200)
  --rate N           kills per second (10); 0: none
  --kill-scan        svc-scan is killed as well: how an orphan has ended may then be unknown
  --patience S       how long anything may take when nobody is killed (180)
  --seed N           for the same again
";

pub(super) struct Options {
    pub(super) root: PathBuf,
    pub(super) bin: PathBuf,
    pub(super) services: u64,
    pub(super) transactions: u64,
    pub(super) rate: u64,
    pub(super) kill_scan: bool,
    pub(super) patience: u64,
    pub(super) seed: u64,
}

pub(super) fn read(mut args: Args) -> Result<Options> {
    let mut options = Options {
        root: PathBuf::new(),
        bin: PathBuf::new(),
        services: 100,
        transactions: 200,
        rate: 10,
        kill_scan: false,
        patience: 180,
        seed: clock::wall().0 / 1000,
    };
    let absolute = |path: OsString| std::path::absolute(path).unable("find a directory");
    while let Some(option) = args.option()? {
        match option.as_str() {
            "--root" => options.root = absolute(args.raw_value()?)?,
            "--bin" => options.bin = absolute(args.raw_value()?)?,
            "--services" => options.services = args.value("number")?,
            "--transactions" => options.transactions = args.value("number")?,
            "--rate" => options.rate = args.value("number")?,
            "--kill-scan" => options.kill_scan = true,
            "--patience" => options.patience = args.value("number")?,
            "--seed" => options.seed = args.value("number")?,
            _ => return Err(common::base::args::unknown(&option)),
        }
    }
    args.end()?;
    if options.root.as_os_str().is_empty() || options.bin.as_os_str().is_empty() {
        return Err(Error::user("--root and --bin must be given"));
    }
    Ok(options)
}
