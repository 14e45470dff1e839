/** The trap receiver of npm `net-snmp`, another implementation than the simulator's, on a free port of loopback. */
import { type RemoteInfo, createSocket } from 'node:dgram';
import { once } from 'node:events';
import snmp from 'net-snmp';
import { COMMUNITY, V3_USER } from './net-snmp-tools.ts';

interface ReceivedTrap {
  readonly from: string;
  readonly inform: boolean;
  /** Value of snmpTrapOID.0. */
  readonly trapOid: string;
  readonly upTimeTicks: number;
  /** What follows these two, by OID; octets as upper-case hex. */
  readonly varbinds: ReadonlyMap<string, string | number>;
}

export interface TrapReceiver extends AsyncDisposable {
  readonly port: number;
  readonly traps: readonly ReceivedTrap[];
  readonly errors: readonly string[];
}

interface Notification {
  readonly pdu: {
    readonly type: number;
    readonly varbinds: readonly { oid: string; value: Buffer | number | string }[];
  };
  readonly rinfo: RemoteInfo;
}

const INFORM_PDU = 0xa6;

export async function startTrapReceiver(options: { readonly lossOfFirst?: number } = {}): Promise<TrapReceiver> {
  const traps: ReceivedTrap[] = [];
  const errors: string[] = [];
  const socket = createSocket('udp4');
  const bind = socket.bind.bind(socket);
  socket.bind = () => bind(0, '127.0.0.1');
  let toLose = options.lossOfFirst ?? 0;
  const on = socket.on.bind(socket);
  socket.on = ((event: string, listener: (...args: unknown[]) => void) =>
    on(event, (...args: unknown[]) => {
      if (event === 'message' && toLose > 0) toLose -= 1;
      else listener(...args);
    })) as typeof socket.on;
  const receiver = snmp.createReceiver(
    {
      port: 1162,
      dgramModule: { createSocket: () => socket },
      engineID: '8000000904deadbeef',
      disableAuthorization: false,
    },
    (error: Error | null, notification: Notification) => {
      if (error !== null) errors.push(error.message);
      else traps.push(received(notification));
    },
  );
  receiver.getAuthorizer().addCommunity(COMMUNITY);
  receiver.getAuthorizer().addUser({
    name: V3_USER.name,
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols.sha256,
    authKey: V3_USER.auth.password,
    privProtocol: snmp.PrivProtocols.aes,
    privKey: V3_USER.privacy.password,
  });
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    traps,
    errors,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        socket.close(() => resolve());
      }),
  };
}

function received({ pdu, rinfo }: Notification): ReceivedTrap {
  const [upTime, trapOid, ...rest] = pdu.varbinds;
  return {
    from: rinfo.address,
    inform: pdu.type === INFORM_PDU,
    trapOid: String(trapOid?.value),
    upTimeTicks: Number(upTime?.value),
    varbinds: new Map(
      rest.map(({ oid, value }) => [oid, Buffer.isBuffer(value) ? value.toString('hex').toUpperCase() : value]),
    ),
  };
}
