// Loaded into a server that is measured: tells its parent what CPU time it has used, in microseconds.
process.on('message', (asked) => {
  if (asked !== 'cpu') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system });
});
process.channel?.unref();
