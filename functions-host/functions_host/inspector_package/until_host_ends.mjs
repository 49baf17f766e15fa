// Loaded before Inspector: ends it when standard input closes, which a host that is killed does too.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
