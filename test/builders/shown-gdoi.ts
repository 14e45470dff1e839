/** `show crypto gdoi` of a registered GM as IOS prints it, with what a test changes. */
export function showCryptoGdoi({
  group,
  succeeded = 1,
}: {
  readonly group: string;
  readonly succeeded?: number;
}): string {
  return `GROUP INFORMATION

    Group Name               : ${group}
    Group Identity           : 6128
    Rekeys received          : 3
    IPSec SA Direction       : Both

     Group Server list       : 192.0.2.1

    Group member             : 198.51.100.1    vrf: None
       Version               : 1.0.4
       Registration status   : Registered
       Registered with       : 192.0.2.1
       Re-registers in       : 1500 sec
       Succeeded registration: ${succeeded}
       Attempted registration: ${succeeded}
       Last rekey from       : 192.0.2.1
       Last rekey seq num    : 2
       Unicast rekey received: 3
       Rekey ACKs sent       : 3
       Rekey Received(hh:mm:ss) : 00:10:00

KEK POLICY:
    Rekey Transport Type     : Unicast
    Lifetime (secs)          : 50000
    Encrypt Algorithm        : AES
    Key Size                 : 256
    Sig Hash Algorithm       : HMAC_AUTH_SHA256
    Sig Key Length (bits)    : 2048

TEK POLICY for the current KS-Policy ACEs Downloaded:
  GigabitEthernet0/0:
    IPsec SA:
        spi: 0x0A69F51E(174716190)
        transform: esp-256-aes esp-sha256-hmac
        sa timing:remaining key lifetime (sec): (1700)
        Anti-Replay(Counter Based) : 64
`;
}

/** `show crypto gdoi` of a KS that is primary and alone. */
export function showCryptoGdoiOfKs({ group, address }: { readonly group: string; readonly address: string }): string {
  return `GROUP INFORMATION

    Group Name               : ${group} (Unicast)
    Group Identity           : 6128
    Group Members            : 1
    IPSec SA Direction       : Both
    Redundancy               : Configured
        Local Address        : ${address}
        Local Priority       : 100
        Local KS Status      : Alive
        Local KS Role        : Primary
    Group Rekey Lifetime     : 86400 secs
    Group Rekey
        Remaining Lifetime   : 50000 secs
    Rekey Retransmit Period  : 10 secs
    Rekey Retransmit Attempts: 2
    Group Retransmit
        Remaining Lifetime   : 0 secs

      IPSec SA Number        : 1
      IPSec SA Rekey Lifetime: 3600 secs
      Profile Name           : gdoi-profile
      Replay method          : Count Based
      Replay Window Size     : 64
      SA Rekey
         Remaining Lifetime  : 1700 secs
      ACL Configured         : access-list gdoi-acl
`;
}
