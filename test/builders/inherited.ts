/**
 * The environment for programs that a test starts. Node.js 20 reads the further authorities that it names before it does
 * anything else: 140 of them take 40 ms of CPU in each process, and no test asks one.
 */
export const INHERITED: NodeJS.ProcessEnv = { ...process.env };
delete INHERITED['NODE_EXTRA_CA_CERTS'];
