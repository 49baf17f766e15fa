// Runs Azurite until standard input closes, then lets it write its data down and ends.
// A signal would do on Linux and macOS. Windows has none, and a parent that is killed sends none anywhere.
const entry = process.argv[2];
process.argv.splice(1, 2, entry);
require("./unused.js");
require("./uploads.js");
const { saved } = require("./journal.js");
process.stdin.on("end", () => saved({ whole: true }).finally(() => process.exit()));
process.stdin.resume();
require(entry);
