// Whoever starts Azurite holds the other end of stdin. When that process is gone, however it went, the pipe ends.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
process.stdin.unref();
