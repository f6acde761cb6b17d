// Prepares the project and runs measurements that the README quotes: `bench.mjs catalog|inference|ledger|calls|gateway|live|usage|sign-ins|compare`.
import { prepare, runNode } from './prepare.mjs';

prepare({ all: true });
const [name, ...args] = process.argv.slice(2);
runNode([`bench/${name}.mjs`, ...args]);
