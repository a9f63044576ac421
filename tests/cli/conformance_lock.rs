//! Conformance tests of the lock: DynamoDB as MiniStack has it gives a lock to one of two, and refuses what the sandbox refuses.

use crate::lock::exactly_one_wins;
use crate::support::MANIFEST;
use crate::support::emulator::Emulator;

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_gives_a_lock_to_one_of_two_and_a_deploy_takes_it() {
    let emulator = Emulator::ministack(&[]);
    emulator.write("ecsail.yml", &format!("{MANIFEST}lock: {{ table: locks, lease: 5s }}\n"));
    emulator.deploy(&["--tag", "v2"]).exits(1).says("no DynamoDB table named `locks`");
    emulator.folder.run(&["lock", "init"]).exits(0).answers("created table `locks`");
    emulator.folder.run(&["lock", "init"]).exits(0).answers("table `locks` is there");
    exactly_one_wins(&emulator.url(), emulator.access_key(), 200);
    emulator.folder.run(&["lock", "hold", "--reason", "migration", "--for", "1h"]).exits(0);
    emulator.deploy(&["--tag", "v2"]).exits(5).says(": migration");
    emulator.folder.run(&["lock", "release"]).exits(0);
    emulator.deploy(&["--tag", "v2"]).exits(0);
    emulator.folder.run(&["lock", "status"]).exits(0).answers("shop: free; last held by ");
}
