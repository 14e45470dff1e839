/**
 * A socket of which a server that does not talk like PostgreSQL loses the connection, and nothing else: the library's
 * parser throws at the frames of another protocol, where nobody could catch it.
 *
 * Inside TLS the library reads past it: there the server has shown a certificate that was asked for.
 */
import { Socket } from 'node:net';

export class GuardedSocket extends Socket {
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'data') return super.emit(event, ...values);
    try {
      return super.emit(event, ...values);
    } catch {
      this.destroy(new Error('the server does not talk like PostgreSQL'));
      return true;
    }
  }
}
