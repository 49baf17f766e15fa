// Runs Azurite until standard input closes, then lets it write its data down and end.
// A signal would do on Linux and macOS. Windows has none, and a parent that is killed sends none anywhere.
const entry = process.argv[2];
process.argv.splice(1, 2, entry);
process.stdin.on("end", () => {
  const heard = process.emit("SIGTERM");
  if (!heard) process.exit(); // it has not begun to listen yet
});
process.stdin.resume();
require(entry);
