/** What the syslog listener needs of UDP and TCP alike. */
export interface SyslogServer {
  readonly port: number;
  /** What the kernel dropped, if it tells. */
  kernelDrops(): { readonly socket_full?: number };
  close(): Promise<void>;
}
