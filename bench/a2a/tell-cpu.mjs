/** Loaded into a server under measurement with `--import`: answers each message with the CPU its process has taken. */
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send(user + system)
})
